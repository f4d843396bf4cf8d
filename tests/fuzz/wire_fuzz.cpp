// SPDX-License-Identifier: Apache-2.0
// WireReader and WireWriter: no field reaches past the input, a failure is final, and what is written reads
// back.
#include "base/wire.hpp"
#include "fuzz/fuzz_input.hpp"

using namespace fairlead::ssh;
using fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::FuzzInput input(data, size);
  const Bytes script = input.take(input.byte());
  const Bytes message = input.rest();
  WireReader reader(message);
  ByteBuffer copy;
  WireWriter writer(copy);
  for (const std::byte step : script) {
    const bool was_ok = reader.ok();
    const std::size_t before = reader.rest().size();
    switch (std::to_integer<unsigned>(step) % 6) {
      case 0:
        writer.byte(reader.byte());
        break;
      case 1:
        writer.u32(reader.u32());
        break;
      case 2:
        writer.u64(reader.u64());
        break;
      case 3:
        writer.string(reader.string());
        break;
      case 4:
        writer.raw(reader.raw(std::to_integer<unsigned>(step) / 6));
        break;
      default:
        (void)reader.text();
        break;
    }
    require(reader.rest().size() <= before);
    require(was_ok || !reader.ok());
    if (!reader.ok()) {
      require(reader.rest().empty() && !reader.done());
      return 0;
    }
    // Texts are skipped above, so that what follows is no longer the beginning of the message.
    if (std::to_integer<unsigned>(step) % 6 == 5) return 0;
  }
  require(equal(copy.readable(), message.first(message.size() - reader.rest().size())));

  ByteBuffer number;
  WireWriter(number).mpint(message);
  WireReader again(number.readable());
  const Bytes magnitude = again.string();
  require(again.done());
  require(magnitude.empty() || (magnitude[0] & std::byte{0x80}) == std::byte{0});
  return 0;
}

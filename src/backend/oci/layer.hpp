// SPDX-License-Identifier: Apache-2.0
// Unpacks the layers of an image into one tree. Layers are hostile: each is read by a child process that is
// confined to the tree.
#pragma once

#include "backend/oci/ids.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

namespace fairlead::backend::oci {

// Gives a layer's bytes (a tar in any compression), piece by piece, to the function it is handed. Throws
// BackendError.
using ByteSink = std::function<void(const char* data, std::size_t size)>;
using ByteSource = std::function<void(const ByteSink&)>;

struct UnpackOptions {
  IdMap map;
  bool whiteouts = true;  // ".wh." names remove what lower layers have; off for archives that are no layers
  std::uint64_t bytes_left = 0;  // of the whole image
};

// Applies one layer to the existing directory `tree`: owners mapped, devices left out, whiteouts obeyed,
// nothing touched outside. Returns the SHA-256 of the bytes as hex. Throws BackendError, with the tree half
// done.
std::string unpack(const Ids& ids, const std::filesystem::path& tree, const UnpackOptions& options,
                   const ByteSource& source);

// The child's part, for tests: reads a tar from `input`, acts on the current directory; empty, or what is
// wrong.
[[nodiscard]] std::string unpack_here(int input, const UnpackOptions& options);

// A file's bytes as a source.
[[nodiscard]] ByteSource file_bytes(const std::filesystem::path& file);
// A directory tree's bytes, as a tar made on the way.
[[nodiscard]] ByteSource directory_bytes(const std::filesystem::path& directory);

}  // namespace fairlead::backend::oci

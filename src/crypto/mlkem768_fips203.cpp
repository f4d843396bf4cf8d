// SPDX-License-Identifier: Apache-2.0
// K-PKE and ML-KEM of FIPS 203 (sections 5 to 7) for k = 3, where OpenSSL has none.
#include "crypto/evp.hpp"
#include "crypto/mlkem768.hpp"
#include "crypto/mlkem_ring.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <initializer_list>

namespace fairlead::ssh {

namespace {

using mlkem::Polynomial;

constexpr std::size_t rank = 3;
constexpr std::size_t encoded_size = 384;               // of a polynomial
constexpr std::size_t compressed_u_size = 32UL * 10;    // du = 10, of a polynomial
constexpr std::size_t compressed_v_size = 32UL * 4;     // dv = 4
constexpr std::size_t rho_at = rank * encoded_size;     // in an encapsulation key
constexpr std::size_t v_at = rank * compressed_u_size;  // in a ciphertext
constexpr std::size_t half = mlkem768_seed_size / 2;    // what G's output and a seed are split into
static_assert(rho_at + 32 == mlkem768_key_size && v_at + compressed_v_size == mlkem768_ciphertext_size);
static_assert(rank <= mlkem::ProductSum::max_products);

using Vector = std::array<Polynomial, rank>;

// `output` is as long as the digest, or of any length for the XOFs. Like digest(), but what it computes may
// be secret.
void sha3(const EVP_MD* algorithm, std::initializer_list<Bytes> parts, MutableBytes output) {
  const EvpDigestContext context(EVP_MD_CTX_new());
  if (!context || EVP_DigestInit_ex(context.get(), algorithm, nullptr) != 1) std::terminate();
  for (const Bytes part : parts)
    if (EVP_DigestUpdate(context.get(), part.data(), part.size()) != 1) std::terminate();
  const bool extendable = (EVP_MD_get_flags(algorithm) & EVP_MD_FLAG_XOF) != 0;
  const int done = extendable ? EVP_DigestFinalXOF(context.get(), octets(output), output.size())
                              : EVP_DigestFinal_ex(context.get(), octets(output), nullptr);
  if (done != 1) std::terminate();
}

// G of section 4.1, whose two halves are two values.
SecretBytes hash_g(std::initializer_list<Bytes> parts) {
  SecretBytes output(2 * half);
  sha3(EVP_sha3_512(), parts, output);
  return output;
}

// One entry of the matrix that `rho` stands for, in the NTT domain.
Polynomial matrix_entry(Bytes rho, std::size_t row, std::size_t column) {
  const std::array indices{static_cast<std::byte>(column), static_cast<std::byte>(row)};
  Polynomial entry;
  // Three blocks of SHAKE128 are enough in 99 of 100 cases. OpenSSL 3.0 cannot continue: it starts again.
  std::vector<std::byte> stream(std::size_t{3} * 168);
  sha3(EVP_shake128(), {rho, indices}, stream);
  while (!sample_uniform(stream, entry)) {
    stream.resize(2 * stream.size());
    sha3(EVP_shake128(), {rho, indices}, stream);
  }
  return entry;
}

// Small polynomials from one seed, each with the next number.
class NoiseSource {
 public:
  explicit NoiseSource(Bytes seed) : seed_(seed) {}
  Polynomial next() {
    const std::array number{static_cast<std::byte>(number_++)};
    sha3(EVP_shake256(), {seed_, number}, output_);
    Polynomial noise;
    sample_binomial(output_, noise);
    return noise;
  }
  Vector next_vector() {
    Vector noise;
    for (Polynomial& polynomial : noise) polynomial = next();
    return noise;
  }

 private:
  Bytes seed_;
  unsigned number_ = 0;
  SecretBytes output_ = SecretBytes(128);
};

Polynomial inner_product(const Vector& a, const Vector& b) {
  mlkem::ProductSum sum;
  for (std::size_t i = 0; i < rank; ++i) sum.add(a[i], b[i]);
  return sum.take();
}

// The index-th of equal pieces.
template <class Byte>
std::span<Byte> piece(std::span<Byte> bytes, std::size_t index, std::size_t size) {
  return bytes.subspan(index * size, size);
}

struct PublicParts {
  Vector t;  // in the NTT domain
  Bytes rho;
};

// False for a coefficient that is not below the modulus.
bool decode_key(Bytes key, PublicParts& parts) {
  bool good = true;
  for (std::size_t i = 0; i < rank; ++i) good = decode(piece(key, i, encoded_size), parts.t[i]) && good;
  parts.rho = key.subspan(rho_at);
  return good;
}

// Algorithm 14.
void encrypt(const PublicParts& key, Bytes message, Bytes randomness, MutableBytes ciphertext) {
  NoiseSource noise(randomness);
  Vector y = noise.next_vector();
  for (Polynomial& polynomial : y) ntt(polynomial);

  for (std::size_t i = 0; i < rank; ++i) {
    mlkem::ProductSum row;  // of the transposed matrix
    for (std::size_t j = 0; j < rank; ++j) row.add(matrix_entry(key.rho, j, i), y[j]);
    Polynomial u = row.take();
    inverse_ntt(u);
    add(u, noise.next());
    compress(u, piece(ciphertext, i, compressed_u_size));
  }

  Polynomial v = inner_product(key.t, y);
  inverse_ntt(v);
  add(v, noise.next());
  Polynomial mu;
  decompress(message, mu);
  add(v, mu);
  compress(v, ciphertext.subspan(v_at));
}

// Algorithm 15; `s` is in the NTT domain.
SecretBytes decrypt(const Vector& s, Bytes ciphertext) {
  Vector u;
  for (std::size_t i = 0; i < rank; ++i) {
    decompress(piece(ciphertext, i, compressed_u_size), u[i]);
    ntt(u[i]);
  }
  Polynomial product = inner_product(s, u);
  inverse_ntt(product);
  Polynomial w;
  decompress(ciphertext.subspan(v_at), w);
  subtract(w, product);
  SecretBytes message(mlkem768_message_size);
  compress(w, message);
  return message;
}

std::array<std::byte, 32> hash_h(Bytes key) {
  std::array<std::byte, 32> hash;
  sha3(EVP_sha3_256(), {key}, hash);
  return hash;
}

}  // namespace

struct MlKem768Key::Parts {
  Vector s;  // in the NTT domain
  SecretBytes z;
  std::array<std::byte, mlkem768_key_size> encapsulation_key;
  std::array<std::byte, 32> hash;  // of the encapsulation key
};

MlKem768Key::MlKem768Key(std::unique_ptr<Parts> parts) noexcept : parts_(std::move(parts)) {}
MlKem768Key::MlKem768Key(MlKem768Key&&) noexcept = default;
MlKem768Key& MlKem768Key::operator=(MlKem768Key&&) noexcept = default;
MlKem768Key::~MlKem768Key() = default;

// Algorithms 13 and 16.
Result<MlKem768Key> MlKem768Key::from_seed(std::span<const std::byte, mlkem768_seed_size> seed) {
  auto parts = std::make_unique<Parts>();
  const SecretBytes seeds = hash_g({seed.first(half), std::array{static_cast<std::byte>(rank)}});
  const Bytes rho = Bytes(seeds).first(half);
  NoiseSource noise(Bytes(seeds).subspan(half));
  parts->s = noise.next_vector();
  for (Polynomial& polynomial : parts->s) ntt(polynomial);

  for (std::size_t i = 0; i < rank; ++i) {
    mlkem::ProductSum row;
    for (std::size_t j = 0; j < rank; ++j) row.add(matrix_entry(rho, i, j), parts->s[j]);
    Polynomial t = row.take();
    Polynomial e = noise.next();
    ntt(e);
    add(t, e);
    encode(t, piece(MutableBytes(parts->encapsulation_key), i, encoded_size));
  }
  std::ranges::copy(rho, parts->encapsulation_key.begin() + rho_at);
  parts->hash = hash_h(parts->encapsulation_key);
  parts->z = to_secret(seed.subspan(half));
  return MlKem768Key(std::move(parts));
}

Bytes MlKem768Key::encapsulation_key() const noexcept {
  return parts_->encapsulation_key;
}

// Algorithm 18.
Result<SecretBytes> MlKem768Key::decapsulate(Bytes ciphertext) const {
  if (ciphertext.size() != mlkem768_ciphertext_size)
    return failure(Errc::key_exchange_failed, "ML-KEM-768 ciphertext is not 1088 bytes");
  const SecretBytes message = decrypt(parts_->s, ciphertext);
  const SecretBytes values = hash_g({message, parts_->hash});
  SecretBytes rejection(mlkem768_secret_size);
  sha3(EVP_shake256(), {parts_->z, ciphertext}, rejection);

  PublicParts key;
  if (!decode_key(parts_->encapsulation_key, key)) std::terminate();  // we encoded it
  SecretBytes again(mlkem768_ciphertext_size);
  encrypt(key, message, Bytes(values).subspan(half), again);

  // Which of the two it is must not be seen from outside.
  const auto same = mlkem::hidden(static_cast<unsigned>(constant_time_equal(again, ciphertext)));
  const auto mask = static_cast<std::byte>(mlkem::hidden(0U - same));
  SecretBytes secret(mlkem768_secret_size);
  for (std::size_t i = 0; i < secret.size(); ++i) secret[i] = (values[i] & mask) | (rejection[i] & ~mask);
  return secret;
}

// Algorithm 17.
Result<MlKem768Encapsulation> mlkem768_encapsulate(
    Bytes key, std::span<const std::byte, mlkem768_message_size> message) {
  PublicParts parts;
  if (key.size() != mlkem768_key_size || !decode_key(key, parts))
    return failure(Errc::key_exchange_failed, "not an ML-KEM-768 encapsulation key");
  const SecretBytes values = hash_g({message, hash_h(key)});
  MlKem768Encapsulation result;
  result.ciphertext.resize(mlkem768_ciphertext_size);
  encrypt(parts, message, Bytes(values).subspan(half), result.ciphertext);
  result.shared_secret = to_secret(Bytes(values).first(half));
  return result;
}

}  // namespace fairlead::ssh

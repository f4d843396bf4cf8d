// SPDX-License-Identifier: Apache-2.0
// Prints mlkem768_vectors.txt with Go's crypto/mlkem (Go 1.26 or later): go run make_mlkem768_vectors.go

package main

import (
	"crypto/mlkem"
	"crypto/mlkem/mlkemtest"
	"crypto/sha256"
	"crypto/sha3"
	"fmt"
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func main() {
	fmt.Print(`# ML-KEM-768 by Go's crypto/mlkem: made by make_mlkem768_vectors.go. OpenSSL 3.5 gives the same values.
# case SEED MESSAGE SHA256(key) SHA256(ciphertext) SECRET BIT REJECTED: decapsulating the ciphertext with that bit
# (of byte BIT / 8, from the lowest) flipped gives REJECTED.
# accumulated COUNT HASH: SHAKE128("") gives seed, message and a ciphertext of nobody's COUNT times; HASH is 32 bytes
# of the SHAKE128 of all keys, ciphertexts, secrets and rejections. C2SP's values too.
`)
	stream := sha3.NewSHAKE128()
	stream.Write([]byte("fairlead mlkem768"))
	for i := range 24 {
		seed, message := make([]byte, mlkem.SeedSize), make([]byte, 32)
		stream.Read(seed)
		stream.Read(message)
		key := must(mlkem.NewDecapsulationKey768(seed))
		secret, ciphertext, err := mlkemtest.Encapsulate768(key.EncapsulationKey(), message)
		must(0, err)
		keyHash, ciphertextHash := sha256.Sum256(key.EncapsulationKey().Bytes()), sha256.Sum256(ciphertext)
		bit := i * (8*mlkem.CiphertextSize768 - 1) / 23
		ciphertext[bit/8] ^= 1 << (bit % 8)
		rejected := must(key.Decapsulate(ciphertext))
		fmt.Printf("case %x %x %x %x %x %d %x\n", seed, message, keyHash, ciphertextHash, secret, bit, rejected)
	}

	input, output := sha3.NewSHAKE128(), sha3.NewSHAKE128()
	seed, message, nobodys := make([]byte, mlkem.SeedSize), make([]byte, 32), make([]byte, mlkem.CiphertextSize768)
	for i := range 10000 {
		input.Read(seed)
		key := must(mlkem.NewDecapsulationKey768(seed))
		output.Write(key.EncapsulationKey().Bytes())
		input.Read(message)
		secret, ciphertext, err := mlkemtest.Encapsulate768(key.EncapsulationKey(), message)
		must(0, err)
		output.Write(ciphertext)
		output.Write(secret)
		input.Read(nobodys)
		output.Write(must(key.Decapsulate(nobodys)))
		if i+1 == 100 || i+1 == 10000 {
			state := must(output.MarshalBinary())
			hash := make([]byte, 32)
			output.Read(hash)
			fmt.Printf("accumulated %d %x\n", i+1, hash)
			must(0, output.UnmarshalBinary(state))
		}
	}
}

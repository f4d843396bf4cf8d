// SPDX-License-Identifier: Apache-2.0

// A client on golang.org/x/crypto/ssh: runs one command as ssh does and ends with its status. An empty option leaves the
// library's default.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"strings"

	"golang.org/x/crypto/ssh"
)

func list(name string) []string {
	if name == "" {
		return nil
	}
	return []string{name}
}

// signer signs with the key in a file, and with one algorithm only if the key has several.
func signer(path, algorithm string) (ssh.Signer, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	key, err := ssh.ParsePrivateKey(text)
	if err != nil || !strings.HasPrefix(algorithm, "rsa-") {
		return key, err
	}
	return ssh.NewSignerWithAlgorithms(key.(ssh.AlgorithmSigner), []string{algorithm})
}

func publicKey(path string) (ssh.PublicKey, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	key, _, _, _, err := ssh.ParseAuthorizedKey(text)
	return key, err
}

func certified(key ssh.Signer, path string) (ssh.Signer, error) {
	certificate, err := publicKey(path)
	if err != nil {
		return nil, err
	}
	return ssh.NewCertSigner(certificate.(*ssh.Certificate), key)
}

func checkCertificate(path, address string, remote net.Addr, shown ssh.PublicKey) error {
	authority, err := publicKey(path)
	if err != nil {
		return err
	}
	checker := ssh.CertChecker{IsHostAuthority: func(key ssh.PublicKey, _ string) bool {
		return bytes.Equal(key.Marshal(), authority.Marshal())
	}}
	return checker.CheckHostKey(address, remote, shown)
}

// answers gives the password to the prompt that hides it and the code to the one that does not.
func answers(password, code string) ssh.KeyboardInteractiveChallenge {
	return func(_, _ string, questions []string, echos []bool) ([]string, error) {
		given := make([]string, len(questions))
		for i := range questions {
			given[i] = password
			if echos[i] {
				given[i] = code
			}
		}
		return given, nil
	}
}

func run() error {
	port := flag.String("port", "", "")
	kex := flag.String("kex", "", "")
	hostKey := flag.String("host-key", "", "the algorithm")
	cipher := flag.String("cipher", "", "")
	mac := flag.String("mac", "", "")
	fingerprint := flag.String("fingerprint", "", "of the server's key")
	key := flag.String("key", "", "a file")
	algorithm := flag.String("algorithm", "", "to sign the login with")
	certificate := flag.String("certificate", "", "of the key, a file")
	authority := flag.String("authority", "", "of the server's certificate, a file")
	password := flag.String("password", "", "")
	code := flag.String("code", "", "asked for in a dialogue after the password")
	rekey := flag.Uint64("rekey", 0, "after so many bytes")
	flag.Parse()

	config := &ssh.ClientConfig{User: "alice", HostKeyAlgorithms: list(*hostKey)}
	config.KeyExchanges, config.Ciphers, config.MACs = list(*kex), list(*cipher), list(*mac)
	config.RekeyThreshold = *rekey
	config.HostKeyCallback = func(address string, remote net.Addr, shown ssh.PublicKey) error {
		if *authority != "" {
			return checkCertificate(*authority, address, remote, shown)
		}
		if ssh.FingerprintSHA256(shown) != *fingerprint {
			return errors.New("another host key")
		}
		return nil
	}
	if *code != "" {
		config.Auth = []ssh.AuthMethod{ssh.KeyboardInteractive(answers(*password, *code))}
	} else if *key == "" {
		config.Auth = []ssh.AuthMethod{ssh.Password(*password)}
	} else {
		key, err := signer(*key, *algorithm)
		if err == nil && *certificate != "" {
			key, err = certified(key, *certificate)
		}
		if err != nil {
			return err
		}
		config.Auth = []ssh.AuthMethod{ssh.PublicKeys(key)}
	}
	client, err := ssh.Dial("tcp", "127.0.0.1:"+*port, config)
	if err != nil {
		return err
	}
	defer client.Close()
	session, err := client.NewSession()
	if err != nil {
		return err
	}
	session.Stdin, session.Stdout, session.Stderr = os.Stdin, os.Stdout, os.Stderr
	return session.Run(flag.Arg(0))
}

func main() {
	err := run()
	var exit *ssh.ExitError
	if errors.As(err, &exit) {
		os.Exit(exit.ExitStatus())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "go_peer:", err)
		os.Exit(255)
	}
}

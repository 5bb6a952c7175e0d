package kms

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/smithy-go"

	"latchkey/crypto/seal"
)

// awsKey is a symmetric key of AWS KMS. Where credentials come from is the library's
// matter: the environment, its files, or the role of the machine.
type awsKey struct {
	arn    string
	client func() (*kms.Client, error)
}

// openAWS takes the ARN of a key: an alias could come to mean another key.
func openAWS(arn string) (seal.Wrapper, error) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != "kms" || parts[3] == "" || !strings.HasPrefix(parts[5], "key/") {
		return nil, errors.New("aws-kms needs the ARN of a key, such as arn:aws:kms:eu-west-1:123456789012:key/…")
	}
	return &awsKey{arn, sync.OnceValues(func() (*kms.Client, error) {
		cfg, err := config.LoadDefaultConfig(context.Background(), config.WithRegion(parts[3]))
		if err != nil {
			return nil, err
		}
		return kms.NewFromConfig(cfg), nil
	})}, nil
}

// bound is the associated data as AWS takes it. It stands in their log.
func bound(aad []byte) map[string]string { return map[string]string{"latchkey": encode(aad)} }

// Wrap implements [seal.Wrapper].
func (k *awsKey) Wrap(ctx context.Context, key, aad []byte) ([]byte, error) {
	client, err := k.client()
	if err != nil {
		return nil, k.sort(err)
	}
	ctx, cancel := bounded(ctx)
	defer cancel()
	out, err := client.Encrypt(ctx, &kms.EncryptInput{KeyId: &k.arn, Plaintext: key, EncryptionContext: bound(aad)})
	if err != nil {
		return nil, k.sort(err)
	}
	return out.CiphertextBlob, nil
}

// Unwrap implements [seal.Wrapper].
func (k *awsKey) Unwrap(ctx context.Context, wrapped, aad []byte) ([]byte, error) {
	client, err := k.client()
	if err != nil {
		return nil, k.sort(err)
	}
	ctx, cancel := bounded(ctx)
	defer cancel()
	out, err := client.Decrypt(ctx, &kms.DecryptInput{KeyId: &k.arn, CiphertextBlob: wrapped, EncryptionContext: bound(aad)})
	if err != nil {
		return nil, k.sort(err)
	}
	return out.Plaintext, nil
}

// sort tells which kind of failure it is.
func (k *awsKey) sort(err error) error {
	doing := "asking AWS for " + k.arn
	var api smithy.APIError
	if !errors.As(err, &api) {
		return away(doing, err)
	}
	said := errors.New(api.ErrorCode() + ": " + api.ErrorMessage())
	switch code := api.ErrorCode(); {
	case code == "InvalidCiphertextException", code == "IncorrectKeyException":
		return errors.Join(seal.ErrTampered, said)
	case strings.HasPrefix(code, "AccessDenied"), code == "NotFoundException", code == "DisabledException", code == "KMSInvalidStateException",
		code == "InvalidKeyUsageException", code == "UnrecognizedClientException", code == "InvalidSignatureException",
		code == "IncompleteSignature", code == "ExpiredTokenException", code == "InvalidGrantTokenException", code == "ValidationException":
		return refused(doing, said)
	}
	return away(doing, said)
}

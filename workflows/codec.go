package workflows

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/protobuf/proto"
)

const (
	encodingKey     = "encoding"
	encodingSealed  = "binary/habeas-sealed"
	keyIDKey        = "key-id"
	sealedKeyLength = 32
)

// codec encrypts every payload with AES-256-GCM. The payloads hold nothing personal in the first place; this is the second line.
type codec struct {
	aead  cipher.AEAD
	keyID []byte
}

// Converters are the data and failure converters of every Temporal client of Habeas. key has 32 bytes; keyID names it in the payloads.
func Converters(key []byte, keyID string) (converter.DataConverter, converter.FailureConverter, error) {
	if len(key) != sealedKeyLength {
		return nil, nil, errors.New("the payload key must have 32 bytes")
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, nil, err
	}
	data := converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), &codec{aead: aead, keyID: []byte(keyID)})
	failure := temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{DataConverter: data, EncodeCommonAttributes: true})
	return data, failure, nil
}

// Encode seals each payload, its own encoding included.
func (c *codec) Encode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	out := make([]*commonpb.Payload, len(payloads))
	for i, p := range payloads {
		plain, err := proto.Marshal(p)
		if err != nil {
			return nil, err
		}
		out[i] = &commonpb.Payload{
			Metadata: map[string][]byte{encodingKey: []byte(encodingSealed), keyIDKey: c.keyID},
			Data:     c.aead.Seal(nil, nil, plain, nil),
		}
	}
	return out, nil
}

// Decode opens sealed payloads and leaves others as they are.
func (c *codec) Decode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	out := make([]*commonpb.Payload, len(payloads))
	for i, p := range payloads {
		if string(p.GetMetadata()[encodingKey]) != encodingSealed {
			out[i] = p
			continue
		}
		plain, err := c.aead.Open(nil, nil, p.GetData(), nil)
		if err != nil {
			return nil, errors.New("a payload was sealed with another key")
		}
		out[i] = &commonpb.Payload{}
		if err := proto.Unmarshal(plain, out[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

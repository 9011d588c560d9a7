package s3

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"

	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/minio/minio-go/v7/pkg/signer"
)

// Signer signs requests to other services of Amazon with the credentials that are used
// for buckets: of the environment, the shared files, or the machine's role.
type Signer struct{ credentials *credentials.Credentials }

// NewSigner returns a Signer, which looks for credentials when it is first used.
func NewSigner() *Signer { return &Signer{credentials.New(newCredentialChain(""))} }

// Sign adds the headers of Signature Version 4 to a request. All other headers that are
// sent must have been set. An error means that there are no credentials.
func (s *Signer) Sign(r *http.Request, body []byte, service, region string) error {
	value, err := s.credentials.GetWithContext(&credentials.CredContext{Context: r.Context()})
	if err != nil {
		return err
	}
	sum := sha256.Sum256(body)
	r.Header.Set("X-Amz-Content-Sha256", hex.EncodeToString(sum[:]))
	signer.SignV4WithServiceType(*r, value.AccessKeyID, value.SecretAccessKey, value.SessionToken, region, service)
	return nil
}

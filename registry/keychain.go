package registry

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	ecr "github.com/awslabs/amazon-ecr-credential-helper/ecr-login"
	"github.com/chrismellard/docker-credential-acr-env/pkg/credhelper"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/v1/google"
)

// keySource is one place where credentials for a host may be. It is only asked for hosts that it serves, and only
// once a host is needed: some start programs or ask the cloud.
type keySource struct {
	name    string
	serves  func(host string) bool
	resolve func(ctx context.Context, target authn.Resource) (authn.Authenticator, error)
}

// ecrHost is the form of Amazon's registries, private and public, of all its partitions.
var ecrHost = regexp.MustCompile(`^([0-9]{12}\.dkr[.-]ecr(-fips)?\.[a-z0-9-]+\.(amazonaws\.com(\.cn)?|on\.aws|` +
	`on\.amazonwebservices\.com\.cn|sc2s\.sgov\.gov|c2s\.ic\.gov)|public\.ecr\.aws)$`)

// azureHost is anchored at its end, unlike the form that the helper itself tests: it trades a token of the user's
// with that host.
var azureHost = regexp.MustCompile(`^[a-z0-9-]+\.azurecr\.(io|cn|de|us)$`)

// gcr.io, *.gcr.io and *-docker.pkg.dev. The library checks hosts too; here it decides whether the source is listed as
// tried.
var googleHost = regexp.MustCompile(`^([a-z0-9-]+\.)*(gcr\.io|pkg\.dev)$`)

// anyHost serves every registry: a configuration file has entries by host.
func anyHost(string) bool { return true }

// keySources returns where this machine keeps credentials, in the order in which they are tried.
func keySources() []keySource {
	return []keySource{
		{"docker or podman configuration", anyHost, fromKeychain(authn.DefaultKeychain)},
		{
			"Amazon ECR", ecrHost.MatchString,
			func(_ context.Context, target authn.Resource) (authn.Authenticator, error) {
				return fromHelper(ecr.NewECRHelper(ecr.WithLogger(io.Discard)), target)
			},
		},
		{"Google", googleHost.MatchString, fromKeychain(google.Keychain)},
		{"Azure", azureHost.MatchString, func(_ context.Context, target authn.Resource) (authn.Authenticator, error) {
			return fromHelper(credhelper.NewACRCredentialsHelper(), target)
		}},
	}
}

// pullSecrets is the source of a scope's own credentials.
func pullSecrets(keychain authn.Keychain) keySource {
	return keySource{"pull secrets", anyHost, fromKeychain(keychain)}
}

// fromKeychain is a keychain of the library as a source.
func fromKeychain(keychain authn.Keychain) func(context.Context, authn.Resource) (authn.Authenticator, error) {
	return func(ctx context.Context, target authn.Resource) (authn.Authenticator, error) {
		return authn.Resolve(ctx, keychain, target)
	}
}

// fromHelper is authn.NewKeychainFromHelper, but gives the reason where there is nothing.
func fromHelper(helper authn.Helper, target authn.Resource) (authn.Authenticator, error) {
	user, secret, err := helper.Get(target.RegistryStr())
	if err != nil {
		return nil, err
	}
	// the convention of docker-credential-helpers for an identity token
	if user == "<token>" {
		return authn.FromConfig(authn.AuthConfig{Username: user, IdentityToken: secret}), nil
	}
	return authn.FromConfig(authn.AuthConfig{Username: user, Password: secret}), nil
}

// ask asks a source, at most for HelperTimeout: a helper that waits for a person must not hold up a case. It gives
// nil when the source has nothing.
func (s keySource) ask(ctx context.Context, target authn.Resource, timeout time.Duration) (authn.Authenticator, error) {
	type answer struct {
		auth authn.Authenticator
		err  error
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	// with room for one, so that a helper that answers too late ends its goroutine all the same
	done := make(chan answer, 1)
	go func() {
		auth, err := s.resolve(ctx, target)
		if err == nil && auth != nil && auth != authn.Anonymous {
			// A cloud's authenticator may fetch its token only now; its error is kept.
			config, cerr := authn.Authorization(ctx, auth)
			if cerr != nil {
				err = cerr
			} else if *config == (authn.AuthConfig{}) {
				auth = nil
			}
		}
		done <- answer{auth, err}
	}()
	select {
	case <-ctx.Done():
		return nil, fmt.Errorf("no answer within %s", timeout)
	case a := <-done:
		if a.err != nil || a.auth == authn.Anonymous {
			return nil, a.err
		}
		return a.auth, nil
	}
}

// loginHint names the command that helps against a 401.
func loginHint(host string) string {
	switch {
	// ACCOUNT.dkr.ecr.REGION.amazonaws.com
	case strings.HasSuffix(host, ".amazonaws.com") && ecrHost.MatchString(host):
		parts := strings.Split(host, ".")
		return fmt.Sprintf("aws ecr get-login-password --region %s | docker login --username AWS --password-stdin "+
			"%s", parts[3], host)
	case googleHost.MatchString(host):
		return "gcloud auth login && gcloud auth configure-docker " + host
	case azureHost.MatchString(host):
		return "az acr login --name " + strings.Split(host, ".")[0]
	case host == dockerHost:
		return "docker login"
	}
	return "docker login " + host
}

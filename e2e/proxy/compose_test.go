package proxy

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/e2e"
	"github.com/thumbery/thumbery/internal/testkit/compose"
)

// service is what a test looks at of a service of a compose file.
type service struct {
	Environment map[string]string
	Networks    map[string]struct {
		Address string `json:"ipv4_address"`
	}
}

// deploy/compose.yaml fits the specification, needs its two secrets, has the nodes at the
// addresses of haproxy.cfg, and gives them settings that Thumbery accepts.
func TestCompose(t *testing.T) {
	t.Parallel()
	const file = "../../deploy/compose.yaml"
	validator := compose.Tool().MustBinary(t)
	out, err := exec.Command(validator, file).CombinedOutput()
	for _, name := range []string{"MINIO_PASSWORD", "THUMBERY_ADMIN_TOKEN"} {
		if err == nil || !strings.Contains(string(out), "required variable "+name) {
			t.Errorf("without %s: %v\n%s", name, err, out)
		}
	}
	cmd := exec.Command(validator, "-no-interpolation", "-format", "json", file)
	cmd.Stderr = os.Stderr
	if out, err = cmd.Output(); err != nil {
		t.Fatal(err)
	}
	var model struct{ Services map[string]service }
	e2e.Must(t, json.Unmarshal(out, &model))
	balancer := string(e2e.Read(t, "../../deploy/cluster/haproxy.cfg"))
	first := model.Services["node1"]
	for number := 1; number <= 3; number++ {
		name := fmt.Sprint("node", number)
		node := model.Services[name]
		if address := node.Networks["cluster"].Address; address == "" || !strings.Contains(balancer, fmt.Sprintf("server %s %s:8080 ", name, address)) {
			t.Errorf("%s has the address %q", name, address)
		}
		if !reflect.DeepEqual(node.Environment, first.Environment) {
			t.Errorf("%s has another environment: %v", name, node.Environment)
		}
	}
	s := e2e.StartCommand(t, append(append([]string{"env"}, settings(first)...), e2e.Binary, "serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--cache", t.TempDir()))
	s.AwaitAddresses(t)
}

// settings are a service's variables, with a secret for each that the file does not know.
func settings(s service) (env []string) {
	for name, value := range s.Environment {
		if strings.HasPrefix(value, "${") {
			value = "a-secret-for-tests"
		}
		env = append(env, name+"="+value)
	}
	return env
}

package digicerttest_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestContainers(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	require.NoError(t, s.AddContainer(77, "Web"))
	require.Equal(t, []map[string]any{
		decoded(t, `{"id":5,"name":"Example Account","is_active":true}`), decoded(t, `{"id":77,"name":"Web","parent_id":5,"is_active":true}`),
	}, rows(t, get(t, s, "/container"), "containers"))
	require.EqualError(t, s.AddContainer(77, "x"), "digicerttest: AddContainer 77: the container already exists")
	require.EqualError(t, s.AddContainer(78, ""), "digicerttest: AddContainer 78: the name is empty")
	require.EqualError(t, s.AddContainer(0, "x"), "digicerttest: AddContainer 0: container id 0 is outside 1 to 2^62")
}

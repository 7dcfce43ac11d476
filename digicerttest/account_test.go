package digicerttest_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAccount(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	require.JSONEq(t, `{"id":5153184,"primary_organization_id":117483,"primary_organization_name":"Example Organization","primary_organization_country":"us",
		"root_container_id":5,"cert_central_type":"enterprise","migrated":false,"has_auth_key":false,"ent_support_plan":"1","default_country":"us"}`, get(t, s, "/account").body)
}

// Containers, which the service also calls divisions.

package digicerttest

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/go-digicert/digicert"
)

// container is a part of the account.
type container struct {
	id     digicert.ContainerID
	name   string
	parent digicert.ContainerID // 0: none
}

// AddContainer adds a container below that of the account. It returns an error if the id is not positive or in use,
// or if the name is empty.
func (s *Server) AddContainer(id digicert.ContainerID, name string) error {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	err := checkID("container", id)
	switch {
	case err != nil:
	case name == "":
		err = errors.New("the name is empty")
	case s.state.container(id) != nil:
		err = errors.New("the container already exists")
	}
	if err != nil {
		return fmt.Errorf("digicerttest: AddContainer %d: %w", id, err)
	}
	s.state.containers = append(s.state.containers, &container{id, name, accountItself.container})
	slices.SortFunc(s.state.containers, func(a, b *container) int { return cmp.Compare(a.id, b.id) })
	return nil
}

// container returns a container, or nil. The caller holds the lock.
func (s *state) container(id digicert.ContainerID) *container {
	if i := slices.IndexFunc(s.containers, func(c *container) bool { return c.id == id }); i >= 0 {
		return s.containers[i]
	}
	return nil
}

// listContainers handles GET /container.
func (s *Server) listContainers(r *request) (render, *failure) {
	page := s.paging(r.query)
	s.state.mu.RLock()
	defer s.state.mu.RUnlock()
	rows := make([][]byte, len(s.state.containers))
	for i, c := range s.state.containers {
		b := appendInt(nil, `{"id":`, c.id)
		b = appendText(b, `,"name":`, c.name)
		if c.parent != 0 {
			b = appendInt(b, `,"parent_id":`, c.parent)
		}
		rows[i] = append(b, `,"is_active":true}`...)
	}
	return pageOf("containers", rows, page), nil
}

// appendContainerRef appends the member container.
func (s *state) appendContainerRef(b []byte, id digicert.ContainerID) []byte {
	b = appendInt(b, `,"container":{"id":`, id)
	if c := s.container(id); c != nil {
		b = appendText(b, `,"name":`, c.name)
	}
	return append(b, '}')
}

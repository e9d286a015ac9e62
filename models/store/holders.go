package store

import (
	"context"
	"slices"

	"gorm.io/gorm"

	"habeas/models"
	"habeas/models/member"
)

// Apart checks that two actors, members or access keys, are two persons: a key counts as everybody who had its secret in their hands. It fails with
// same_person, and with person_unknown for a key of the operator's staff of which nobody knows whose it is. A customer's key is the customer's.
func (s *Store) Apart(ctx context.Context, first, second models.ID) error {
	return apart(s.read(ctx), first, second)
}

func apart(tx *gorm.DB, first, second models.ID) error {
	if first == second {
		return samePerson()
	}
	var people [2][]models.ID
	for i, id := range []models.ID{first, second} {
		var staff bool
		var err error
		if people[i], staff, err = peopleOf(tx, id); err != nil {
			return err
		}
		if len(people[i]) == 0 && staff {
			return models.Errorf(models.Forbidden, "person_unknown", "Nobody knows whose access key this is, so that it does not count as another person.")
		}
	}
	if slices.ContainsFunc(people[0], func(id models.ID) bool { return slices.Contains(people[1], id) }) {
		return samePerson()
	}
	return nil
}

func samePerson() error {
	return models.Errorf(models.Forbidden, "same_person", "It takes two persons. Whoever made or holds an access key counts as the same person as the key.")
}

// peopleOf are the persons behind an actor: a member is one, a key its holders. staff tells of a key that it is one of the operator's staff.
func peopleOf(tx *gorm.DB, id models.ID) (people []models.ID, staff bool, err error) {
	key, found, err := keyRow(tx, id)
	if err != nil || !found {
		return []models.ID{id}, false, err
	}
	if key.Role.Staff() || len(key.Holders) > 0 {
		return key.Holders, key.Role.Staff(), nil
	}
	return []models.ID{id}, false, nil
}

func keyRow(tx *gorm.DB, id models.ID) (row accessKeyRow, found bool, err error) {
	err = tx.Where("id = ?", id).Limit(1).Find(&row).Error
	return row, !row.ID.IsZero(), unavailable(err)
}

// holdersOf are the holders of a new key: its maker and whom it is made for. It fails with bad_holder.
func (k KeySpec) holdersOf(tx *gorm.DB) ([]models.ID, error) {
	out := []models.ID{}
	if !k.By.ID.IsZero() {
		people, _, err := peopleOf(tx, k.By.ID)
		if err != nil {
			return nil, err
		}
		out = union(out, people)
	}
	if k.Holder.IsZero() {
		return out, nil
	}
	row, err := memberByID(tx, models.ScopeOperator(), k.Holder)
	if models.CodeOf(err) == "not_found" || err == nil && (row.ControllerID != k.ControllerID || row.State == member.Deactivated) {
		return nil, models.Errorf(models.Invalid, "bad_holder", "A key is held by somebody with an account, of staff or of the same customer.").At("/holder")
	}
	return union(out, []models.ID{k.Holder}), err
}

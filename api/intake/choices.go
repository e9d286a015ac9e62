package intake

import (
	"strconv"

	"habeas/models"
)

// Choices reads treatments by the number of their group as they come in JSON or in a form; it fails with unknown_group.
func Choices(in map[string]string) (map[int]models.Treatment, error) {
	if len(in) == 0 {
		return nil, nil //nolint:nilnil // no choices were made
	}
	out := make(map[int]models.Treatment, len(in))
	for no, treatment := range in {
		n, err := strconv.Atoi(no)
		if err != nil {
			return nil, models.Errorf(models.Invalid, "unknown_group", "Choices are named by the number of their group.").At("/choices")
		}
		out[n] = models.Treatment(treatment)
	}
	return out, nil
}

package staff

import (
	"slices"
	"time"

	"habeas/models"
	"habeas/templates"
)

// zones are those of the countries whose holidays are known and of the other regimes. Any other may stand in a link, or be a controller's.
var zones = []templates.RuleGroup{
	zonesOf("Europe", "Europe/Amsterdam", "Europe/Athens", "Europe/Berlin", "Europe/Bratislava", "Europe/Brussels", "Europe/Bucharest", "Europe/Budapest",
		"Europe/Copenhagen", "Europe/Dublin", "Europe/Helsinki", "Europe/Istanbul", "Europe/Lisbon", "Europe/Ljubljana", "Europe/London",
		"Europe/Luxembourg", "Europe/Madrid", "Europe/Malta", "Europe/Oslo", "Europe/Paris", "Europe/Prague", "Europe/Riga", "Europe/Rome",
		"Europe/Sofia", "Europe/Stockholm", "Europe/Tallinn", "Europe/Vaduz", "Europe/Vienna", "Europe/Vilnius", "Europe/Warsaw", "Europe/Zagreb", "Europe/Zurich",
		"Asia/Nicosia", "Atlantic/Azores", "Atlantic/Canary", "Atlantic/Madeira", "Atlantic/Reykjavik"),
	zonesOf("America", "America/Anchorage", "America/Chicago", "America/Denver", "America/Los_Angeles", "America/New_York", "America/Phoenix", "America/Sao_Paulo",
		"America/Toronto", "America/Vancouver", "Pacific/Honolulu"),
	zonesOf("Asia, Pacific", "Asia/Dubai", "Asia/Hong_Kong", "Asia/Kolkata", "Asia/Seoul", "Asia/Shanghai", "Asia/Singapore", "Asia/Tokyo", "Australia/Perth",
		"Australia/Sydney", "Pacific/Auckland"),
	zonesOf("Elsewhere", "UTC"),
}

func zonesOf(label string, names ...string) templates.RuleGroup {
	g := templates.RuleGroup{Label: label}
	for _, name := range names {
		g.Options = append(g.Options, templates.Option{Value: name, Label: name})
	}
	return g
}

// zoneGroups lists the zones, with own among them.
func zoneGroups(own string) []templates.RuleGroup {
	groups := make([]templates.RuleGroup, 0, len(zones)+1)
	known := own == ""
	for _, g := range zones {
		g.Options = slices.Clone(g.Options)
		known = known || slices.ContainsFunc(g.Options, func(o templates.Option) bool { return o.Value == own })
		groups = append(groups, g)
	}
	if !known {
		groups = append(groups, labelled(templates.Option{Value: own, Label: own})...)
	}
	return groups
}

// loadZone finds a zone by its name. The zone of this machine is no fact of a case.
func loadZone(name string) (*time.Location, error) {
	if name != "" && name != "Local" {
		if loc, err := time.LoadLocation(name); err == nil {
			return loc, nil
		}
	}
	return nil, models.Errorf(models.Invalid, "unknown_zone", "The time zone is not in the IANA database.")
}

package portal

import (
	"habeas/models/breach/authority"
	"habeas/models/request"
	"habeas/templates"
)

// authorities are the supervisory authorities to which a person may complain about a controller. The one that the controller names comes with the
// contact of the register where that knows it; where none is named, those of its establishment are, unless they are too many to help.
func authorities(c request.Controller) []templates.Authority {
	if c.Authority != "" {
		for _, a := range authority.All() {
			if c.Authority == a.Name || c.Authority == a.English {
				return []templates.Authority{contact(a)}
			}
		}
		return []templates.Authority{{Name: c.Authority}}
	}
	near := authority.For(c.Country, c.Subdivision)
	if len(near) > 2 {
		return nil
	}
	var out []templates.Authority
	for _, a := range near {
		out = append(out, contact(a))
	}
	return out
}

func contact(a authority.Authority) templates.Authority {
	return templates.Authority{Name: a.Name, Site: a.Site, Email: a.Email, Address: a.Address, Form: a.Complaint}
}

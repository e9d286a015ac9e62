package v1

import (
	"time"

	"habeas/models"
	"habeas/models/breach"
	"habeas/models/breach/authority"
	"habeas/models/breach/register"
	"habeas/models/request"
)

// event reads an event of the document's form. Parts that its kind does not have are dropped by the record.
func event(in NewBreachEvent, all []request.Controller) (e register.Event, err error) {
	e = register.Event{Kind: register.Kind(in.Kind), Facts: register.Facts{
		Own: in.Own, Persons: in.Persons, Records: in.Records, Categories: in.Categories, PersonKinds: in.PersonKinds, Risk: breach.Risk(in.Risk), Authority: in.Authority,
		Authorities: in.Authorities, Final: in.Final, File: in.File, Count: in.Count, Cause: in.Cause, Regime: register.Regime(in.Regime), Report: in.Report, Lesson: in.Lesson, DueOn: in.DueOn,
	}, Words: register.Words{
		What: models.Personal(in.What), Reason: models.Personal(in.Reason), Consequences: models.Personal(in.Consequences), Measures: models.Personal(in.Measures),
		Contact: models.Personal(in.Contact), Delay: models.Personal(in.Delay), Reference: models.Personal(in.Reference), By: models.Personal(in.By),
	}}
	for to, from := range map[*time.Time][2]string{&e.Facts.AwareAt: {in.AwareAt, "aware_at"}, &e.Facts.At: {in.At, "at"}} {
		if *to, err = instant(from[0], from[1]); err != nil {
			return e, err
		}
	}
	if err := authorities(append([]string{in.Authority}, in.Authorities...)); err != nil {
		return e, err
	}
	if e.Facts.Exceptions, err = exceptions(in.Exceptions); err != nil {
		return e, err
	}
	if e.Kind == register.Assessed {
		if err := assess(&e.Facts, in.Inputs); err != nil {
			return e, err
		}
	}
	return e, customers(&e.Facts, in, all)
}

func authorities(codes []string) error {
	for _, code := range codes {
		if _, ok := authority.ByCode(code); !ok && code != "" {
			return models.Errorf(models.Invalid, "unknown_authority", "The register has no such authority.").At("/authority")
		}
	}
	return nil
}

func exceptions(chosen []string) (out breach.Exceptions, err error) {
	for _, c := range chosen {
		switch c {
		case "unintelligible":
			out.Unintelligible = true
		case "measures":
			out.LaterMeasures = true
		case "effort":
			out.Disproportionate = true
		default:
			return out, models.Errorf(models.Invalid, "bad_value", "The exceptions are unintelligible, measures and effort.").At("/exceptions")
		}
	}
	return out, nil
}

func assess(f *register.Facts, in Circumstances) error {
	inputs := breach.Circumstances{
		Identification: breach.Identification(in.Identification), Confidentiality: breach.Loss(in.Confidentiality), Integrity: breach.Loss(in.Integrity),
		Availability: breach.Loss(in.Availability), Malicious: in.Malicious, Persons: in.Persons, Unintelligible: in.Unintelligible,
	}
	for _, d := range in.Data {
		inputs.Data = append(inputs.Data, breach.Data{Context: breach.Context(d.Context), Adjust: d.Adjust, Reason: d.Reason})
	}
	advice, err := breach.Assess(inputs)
	f.Inputs, f.Assessment = &inputs, &advice
	return err
}

func customers(f *register.Facts, in NewBreachEvent, all []request.Controller) error {
	for _, slug := range in.Customers {
		c, err := bySlug(all, slug, "/customers")
		if err != nil {
			return err
		}
		f.Customers = append(f.Customers, register.Customer{ID: c.ID, Hours: c.BreachHours})
	}
	if in.Customer != "" {
		c, err := bySlug(all, in.Customer, "/customer")
		if err != nil {
			return err
		}
		f.Customer = c.ID
	}
	return nil
}

package sample

import (
	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/request"
)

// Person is somebody who sends a request in the demo.
type Person struct {
	Right      models.Right
	Controller string // slug of whom the person asks
	Subject    request.Subject
}

// People are the persons of the demo, each with data in nearly every database.
type People struct {
	Access  Person
	Export  Person
	Erasure Person
	// Consignee is a customer of Brightline Retail, about whom Nordkai holds data only as its processor.
	Consignee Person
	// Housemate shares the address of Erasure. The demo leaves the housemate's own request open.
	Housemate Person
}

// Slugs of the two controllers.
const (
	Nordkai    = "nordkai"
	Brightline = "brightline-retail"
)

func person(right models.Right, controller, name, email, customerNo string) Person {
	return Person{Right: right, Controller: controller, Subject: request.Subject{
		Name: models.Personal(name), Email: models.Personal(email),
		Identities: []request.Identity{
			{Kind: datamap.IdentityEmail, Value: models.Personal(email)},
			{Kind: "customer_number", Value: models.Personal(customerNo)},
		},
	}}
}

func people() People {
	return People{
		Access:    person(models.Access, Nordkai, "Tomás Ferreira", "tomas.ferreira@postbox.example", "NK-900001"),
		Export:    person(models.Export, Nordkai, "Ingrid Sørensen", "ingrid.sorensen@inbox.example", "NK-900002"),
		Erasure:   person(models.Erasure, Nordkai, "Mara Lindholm", "mara.lindholm@letters.example", "NK-900003"),
		Consignee: person(models.Erasure, Brightline, "Noor van den Berg", "noor.vandenberg@mailhouse.example", "BR-900004"),
		Housemate: person(models.Erasure, Nordkai, "Jonas Lindholm", "jonas.lindholm@courier.example", "NK-900005"),
	}
}

// Controllers are the operator and its customer, without identifiers, which the store gives.
func (c *Company) Controllers() []request.Controller {
	return []request.Controller{
		{
			Slug: Nordkai, Name: "Nordkai Freight GmbH", Operator: true, Regime: "EU_GDPR", Timezone: "Europe/Berlin", Country: "DE", Subdivision: "HB",
			ContactEmail: "privacy@nordkai.example",
			Authority:    "Die Landesbeauftragte für Datenschutz und Informationsfreiheit der Freien Hansestadt Bremen",
		},
		{
			Slug: Brightline, Name: "Brightline Retail B.V.", BreachHours: 24, Regime: "EU_GDPR", Timezone: "Europe/Amsterdam", Country: "NL",
			ContactEmail: "privacy@brightline.example", Authority: "Autoriteit Persoonsgegevens",
		},
	}
}

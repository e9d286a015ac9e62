package sample

// The words that the data is made of.

type place struct {
	locode, city, country string
	postal                string // # is a digit
	lat, lon              float64
	streets               []string
}

var german = []string{"Lindenstraße", "Am Deich", "Hafenweg", "Schillerstraße", "Bachgasse", "Kirchplatz", "Gartenweg", "Mühlenstraße", "Am Speicher", "Fliederweg"}

var places = []place{
	{"DEBRE", "Bremen", "DE", "28###", 53.0793, 8.8017, german},
	{"DEHAM", "Hamburg", "DE", "20###", 53.5511, 9.9937, german},
	{"DEBRV", "Bremerhaven", "DE", "275##", 53.5396, 8.5809, german},
	{"DELEJ", "Leipzig", "DE", "04###", 51.3397, 12.3731, german},
	{"DEMUC", "München", "DE", "80###", 48.1372, 11.5755, german},
	{"DEDUI", "Duisburg", "DE", "47###", 51.4344, 6.7623, german},
	{"NLRTM", "Rotterdam", "NL", "30## KX", 51.9225, 4.4792, []string{"Havenstraat", "Molenweg", "Kerklaan", "Dijkstraat", "Tulpplein", "Oostkade"}},
	{"NLAMS", "Amsterdam", "NL", "10## BT", 52.3702, 4.8952, []string{"Grachtweg", "Zuiderkade", "Parklaan", "Brugstraat", "Westerdok"}},
	{"BEANR", "Antwerpen", "BE", "20##", 51.2194, 4.4025, []string{"Scheldestraat", "Nieuwe Kaai", "Dorpsplein", "Eikenlaan"}},
	{"FRLEH", "Le Havre", "FR", "766##", 49.4944, 0.1079, []string{"rue des Docks", "quai du Phare", "rue du Port", "avenue des Tilleuls"}},
	{"FRLIO", "Lyon", "FR", "690##", 45.7640, 4.8357, []string{"rue des Canuts", "place du Marché", "montée Verte"}},
	{"ESBCN", "Barcelona", "ES", "080##", 41.3874, 2.1686, []string{"Carrer de la Marina", "Carrer Nou", "Passeig del Port"}},
	{"PTLIS", "Lisboa", "PT", "1###-042", 38.7223, -9.1393, []string{"Rua do Cais", "Rua das Flores", "Travessa do Sol"}},
	{"ITGOA", "Genova", "IT", "161##", 44.4056, 8.9463, []string{"Via del Molo", "Via Garibaldi", "Salita Nuova"}},
	{"DKCPH", "København", "DK", "2###", 55.6761, 12.5683, []string{"Havnegade", "Nyvej", "Strandgade", "Birkevej"}},
	{"SEGOT", "Göteborg", "SE", "41# ##", 57.7089, 11.9746, []string{"Hamngatan", "Björkvägen", "Kajvägen"}},
	{"FIHEL", "Helsinki", "FI", "00###", 60.1699, 24.9384, []string{"Satamakatu", "Koivutie", "Rantapolku"}},
	{"EETLL", "Tallinn", "EE", "10###", 59.4370, 24.7536, []string{"Sadama tänav", "Kase tee"}},
	{"PLGDN", "Gdańsk", "PL", "80-###", 54.3520, 18.6466, []string{"ulica Portowa", "ulica Długa Nowa"}},
	{"ATVIE", "Wien", "AT", "1##0", 48.2082, 16.3738, []string{"Donaugasse", "Marktgasse", "Rosenweg"}},
}

var origins = []string{
	"CNSHA", "CNNGB", "CNYTN", "HKHKG", "SGSIN", "KRPUS", "JPTYO", "VNSGN", "INNSA", "BDCGP", "LKCMB", "TRIST", "USNYC", "USLAX", "USSAV", "CAMTR",
	"BRSSZ", "CLSAI", "ZADUR", "MATNG", "GBFXT", "NOOSL", "CHBSL", "AEJEA",
}

var owners = []string{"NKF", "BLT", "HVN", "ORS", "SKA", "TID"}

type goods struct{ hs, description string }

var wares = []goods{
	{"94016100", "Upholstered armchair, oak frame"},
	{"94036010", "Bookcase, solid walnut"},
	{"94051140", "Ceiling lamp, LED"},
	{"69111000", "Porcelain dinner service, 24 pieces"},
	{"57011090", "Knotted carpet, wool, 200 x 300 cm"},
	{"92012000", "Grand piano, used"},
	{"92021010", "Violin with case"},
	{"87116010", "Pedal assisted bicycle"},
	{"95069110", "Rowing machine"},
	{"61102091", "Pullover, cotton"},
	{"62019300", "Rain jacket, synthetic"},
	{"64039996", "Leather boots"},
	{"42021291", "Suitcase, polycarbonate"},
	{"71131100", "Silver jewellery"},
	{"84433210", "Laser printer"},
	{"85171300", "Smartphone"},
	{"84713000", "Portable computer"},
	{"85287240", "Television set, 55 inch"},
	{"85094000", "Kitchen mixer"},
	{"84501111", "Washing machine"},
	{"84181020", "Refrigerator"},
	{"97019100", "Oil painting, framed"},
	{"97052900", "Household effects, removal"},
	{"09011100", "Coffee, not roasted"},
	{"22042178", "Red wine, bottled"},
	{"15092000", "Olive oil, extra virgin"},
	{"08052190", "Mandarins, fresh"},
	{"44079115", "Oak planks, planed"},
	{"68022100", "Marble slabs"},
	{"39231090", "Storage boxes, plastic"},
	{"90138020", "Telescope"},
	{"90189084", "Physiotherapy device"},
	{"95030041", "Stuffed toys"},
	{"95049080", "Pinball machine"},
	{"87039010", "Electric car, used"},
	{"89039190", "Sailing dinghy"},
	{"33030010", "Perfume"},
	{"34011100", "Soap, handmade"},
	{"49019900", "Books, printed"},
	{"82055100", "Household hand tools"},
}

var firstNames = []string{
	"Anna", "Lukas", "Sofia", "Mateo", "Emma", "Noah", "Elena", "Jan", "Katarzyna", "Piotr", "Freja", "Oskar", "Aino", "Eetu", "Liis", "Marten",
	"Camille", "Hugo", "Chiara", "Davide", "Inês", "Rui", "Lucía", "Pablo", "Femke", "Daan", "Hanna", "Felix", "Clara", "Jonas", "Greta", "Milan",
	"Zofia", "Tomasz", "Signe", "Emil", "Léa", "Arthur", "Giulia", "Marco", "Beatriz", "Diogo", "Carmen", "Iker", "Lotte", "Bram", "Mia", "Paul",
	"Ylva", "Nils", "Helmi", "Otto", "Agnieszka", "Maciej", "Alice", "Louis", "Petra", "Stefan", "Nora", "Viktor",
}

var lastNames = []string{
	"Bergmann", "Holst", "Krüger", "Brandt", "Seidel", "Vogt", "Lorenz", "Albers", "Petersen", "Hinrichs", "de Vries", "Bakker", "Visser", "Mulder",
	"Claes", "Peeters", "Moreau", "Lefèvre", "Garnier", "Chevalier", "Ortega", "Navarro", "Iglesias", "Carvalho", "Teixeira", "Almeida", "Conti",
	"Ferrara", "Marino", "Rinaldi", "Møller", "Kjær", "Lund", "Dahl", "Nyström", "Sandberg", "Ekholm", "Virtanen", "Korhonen", "Laine", "Tamm", "Saar",
	"Kowalczyk", "Wiśniewska", "Zając", "Nowicki", "Huber", "Gruber", "Steiner", "Wagner", "Novak", "Horvat", "Dvořák", "Kovács", "Ionescu", "Popa",
	"Georgiou", "Nikolaidis", "O'Brien", "Byrne",
}

var companyNames = []string{
	"Alster Möbel", "Blauwal Elektronik", "Cordoba Textil", "Delta Keramik", "Elbtor Werkzeuge", "Fjordlys Design", "Grünkern Naturkost", "Helio Solar",
	"Iskra Motoren", "Juniper Spirits", "Kaskade Bad", "Lumen Leuchten", "Marea Seafood", "Nova Instrumente", "Orbis Verlag", "Pinea Holz",
	"Quarz Optik", "Ravel Musikhaus", "Sirius Sport", "Tandem Rad", "Ultramar Kaffee", "Vinaria Weine", "Wellen Surf", "Ypsilon Medizintechnik",
}

var companyForms = map[string]string{
	"DE": "GmbH", "AT": "GmbH", "NL": "B.V.", "BE": "BV", "FR": "SAS", "ES": "S.L.", "PT": "Lda.", "IT": "S.r.l.", "DK": "ApS", "SE": "AB", "FI": "Oy",
	"EE": "OÜ", "PL": "Sp. z o.o.",
}

var (
	mailDomains = []string{"postbox.example", "inbox.example", "letters.example", "mailhouse.example", "courier.example"}
	userAgents  = []string{
		"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) Mobile/15E148",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0 Safari/537.36", "NordkaiApp/4.2 (Android 16)",
	}
	eventCodes = []string{"BOOKED", "PICKED_UP", "LOADED", "DEPARTED", "ARRIVED", "CUSTOMS_CLEARED", "OUT_FOR_DELIVERY", "DELIVERED"}
	incoterms  = []string{"DAP", "DDP", "FOB", "CIF", "EXW", "FCA", "CPT"}
	modes      = []string{"sea", "sea", "road", "road", "air", "rail"}
	campaigns  = []string{"spring-rates", "removals-2025", "peak-season", "green-routes", "customs-news", "winter-storage"}
	interests  = []string{"removals", "furniture", "cars", "art", "wine", "instruments", "bicycles", "groupage"}
)

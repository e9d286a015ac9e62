package sample

import "habeas/models/recipient"

// translations are what persons read of the recipients, by slug and language; English stands with the recipients.
var translations = map[string]map[string]recipient.Translation{
	"baltic-haulage": {
		"de": {Purposes: []string{"Straßentransport"}},
		"es": {Purposes: []string{"Transporte por carretera"}},
		"fr": {Purposes: []string{"Transport routier"}},
		"it": {Purposes: []string{"Trasporto su strada"}},
		"nl": {Purposes: []string{"Wegvervoer"}},
		"pl": {Purposes: []string{"Transport drogowy"}},
	},
	"meridian-customs": {
		"de": {Purposes: []string{"Zollabfertigung"}},
		"es": {Purposes: []string{"Despacho de aduanas"}},
		"fr": {Purposes: []string{"Dédouanement"}},
		"it": {Purposes: []string{"Sdoganamento"}},
		"nl": {Purposes: []string{"Inklaring"}},
		"pl": {Purposes: []string{"Odprawa celna"}},
	},
	"harbour-telemetry": {
		"de": {
			Purposes:  []string{"Standort von Containern und Zustellungen"},
			Safeguard: "Angemessenheitsbeschluss der Europäischen Kommission für das Vereinigte Königreich, Art. 45 DSGVO",
		},
		"es": {
			Purposes:  []string{"Posición de contenedores y entregas"},
			Safeguard: "Decisión de adecuación de la Comisión Europea para el Reino Unido, art. 45 RGPD",
		},
		"fr": {
			Purposes:  []string{"Position des conteneurs et des livraisons"}, //nolint:misspell // French
			Safeguard: "Décision d’adéquation de la Commission européenne pour le Royaume-Uni, art. 45 RGPD",
		},
		"it": {
			Purposes:  []string{"Posizione di container e consegne"},
			Safeguard: "Decisione di adeguatezza della Commissione europea per il Regno Unito, art. 45 GDPR",
		},
		"nl": {
			Purposes:  []string{"Positie van containers en leveringen"},
			Safeguard: "Adequaatheidsbesluit van de Europese Commissie voor het Verenigd Koninkrijk, art. 45 AVG",
		},
		"pl": {
			Purposes:  []string{"Położenie kontenerów i dostaw"},
			Safeguard: "Decyzja Komisji Europejskiej stwierdzająca odpowiedni stopień ochrony w Zjednoczonym Królestwie, art. 45 RODO",
		},
	},
	"mailwind": {
		"de": {Purposes: []string{"Versand des Newsletters"}},
		"es": {Purposes: []string{"Envío del boletín"}},
		"fr": {Purposes: []string{"Envoi de la lettre d’information"}},
		"it": {Purposes: []string{"Invio della newsletter"}},
		"nl": {Purposes: []string{"Verzending van de nieuwsbrief"}},
		"pl": {Purposes: []string{"Wysyłka biuletynu"}},
	},
	"pacific-gate": {
		"de": {Purposes: []string{"Agentur in Überseehäfen"}, Safeguard: "Standardvertragsklauseln, Art. 46 Abs. 2 Buchst. c DSGVO"},
		"es": {Purposes: []string{"Agente en puertos de ultramar"}, Safeguard: "Cláusulas contractuales tipo, art. 46, apartado 2, letra c), RGPD"},
		"fr": {Purposes: []string{"Agent dans les ports d’outre-mer"}, Safeguard: "Clauses contractuelles types, art. 46, par. 2, point c), RGPD"},
		"it": {Purposes: []string{"Agente nei porti d’oltremare"}, Safeguard: "Clausole contrattuali tipo, art. 46, par. 2, lett. c), GDPR"},
		"nl": {Purposes: []string{"Agent in overzeese havens"}, Safeguard: "Standaardcontractbepalingen, art. 46, lid 2, onder c), AVG"},
		"pl": {Purposes: []string{"Agent w portach zamorskich"}, Safeguard: "Standardowe klauzule umowne, art. 46 ust. 2 lit. c RODO"},
	},
}

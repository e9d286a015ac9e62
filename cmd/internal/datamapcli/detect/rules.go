package detect

import (
	"slices"

	"habeas/models/datamap"
)

// Categories of the Fides taxonomy.
const (
	email       = "user.contact.email"
	phone       = "user.contact.phone_number"
	firstOrLast = "user.name"
	street      = "user.contact.address.street"
	city        = "user.contact.address.city"
	state       = "user.contact.address.state"
	postalCode  = "user.contact.address.postal_code"
	country     = "user.contact.address.country"
	dateOfBirth = "user.demographic.date_of_birth"
	gender      = "user.demographic.gender"
	demographic = "user.demographic"
	government  = "user.government_id"
	bank        = "user.financial.bank_account"
	card        = "user.financial.credit_card"
	financial   = "user.financial"
	password    = "user.authorization.password"
	username    = "user.account.username"
	uniqueID    = "user.unique_id"
	ipAddress   = "user.device.ip_address"
	device      = "user.device"
	location    = "user.location"
	health      = "user.health_and_medical"
	jobTitle    = "user.job_title"
	content     = "user.content"
)

// rule says what a column holds whose name says one of words and none of not. Terms are in English, German, French, Spanish, Italian,
// Dutch, Polish and Portuguese, without marks on the letters.
type rule struct {
	category   string
	identity   string
	confidence Confidence
	words, not string
	kinds      []datamap.Kind // empty: text
	person     bool           // only in a table about people
	address    bool           // only in a table with addresses
	free       bool
	comment    bool // too common a word to be taken from a comment
}

var (
	text     = []datamap.Kind{datamap.KindText}
	numbers  = []datamap.Kind{datamap.KindText, datamap.KindInt, datamap.KindDecimal}
	days     = []datamap.Kind{datamap.KindDate, datamap.KindDateTime, datamap.KindTimestamp, datamap.KindText, datamap.KindInt}
	anything = []datamap.Kind{datamap.KindText, datamap.KindBytes, datamap.KindJSON}
)

// notData are words of columns about a datum rather than with it: email_verified, phone_type.
const notData = "verified confirmed sent opt optin count template subject enabled notification notifications status type typ art server host domain " +
	"provider consent bounced valid format hash id_type preference preferences at version"

// rules are in the order in which they are asked: the special before the general.
var rules = []rule{
	{category: email, identity: "email", confidence: High, words: "email emails e_mail *email email* mailadresse mail_adresse emailadresse courriel correo_electronico posta_elettronica adres_email", not: notData + " body text content"},
	{category: email, identity: "email", confidence: Medium, words: "mail correo mailaddress", not: notData + " body text content carrier mail_class"},
	{category: ipAddress, confidence: High, words: "ip ip_address ip_addr ipaddr remote_addr client_ip ipv4 ipv6 adresse_ip ipadresse direccion_ip", not: "version count", kinds: text},
	{category: device, confidence: Medium, words: "user_agent useragent mac_address mac_adresse imei imsi device_id device_token push_token advertising_id idfa gaid fingerprint browser_id cookie_id visitor_id geraete_id geraetenummer"},
	{category: phone, confidence: High, words: "phone phones telephone telefon* telefono telefoon telephon* mobile_number mobile_phone mobilnummer mobilfunk* handy handynummer handynr cellphone cell_phone celular cellulare msisdn phonenumber *phone *telefon fernruf rufnummer", not: notData, kinds: numbers},
	{category: phone, confidence: Medium, words: "tel mobile mobil movil fax faxnummer telefax gsm komorka komorkowy portable", not: notData + " app device version", kinds: numbers},
	{category: dateOfBirth, confidence: High, words: "born born_on geboren geboren_am birth birthday birthdate date_of_birth dob geburtsdatum geburtstag gebdat geb_dat geb_datum geburtsjahr birth_year year_of_birth naissance nacimiento nascita geboortedatum geboorte urodzenia nascimento", not: "place city country ort lieu lugar luogo plaats name", kinds: days},
	{category: demographic, confidence: Medium, words: "geburtsort geburtsname birthplace birth_place place_of_birth lieu_naissance lugar_nacimiento luogo_nascita geboorteplaats nationality nationalitaet staatsangehoerigkeit staatsbuergerschaft citizenship nationalite nacionalidad nazionalita nationaliteit obywatelstwo"},
	{category: "user.demographic.religious_belief", confidence: Medium, words: "religion konfession religious denomination kirchensteuer"},
	{category: "user.demographic.race_ethnicity", confidence: Medium, words: "ethnicity ethnic race ethnie etnia", not: "condition"},
	{category: "user.demographic.marital_status", confidence: Medium, words: "marital marital_status familienstand etat_civil estado_civil stato_civile burgerlijke_staat stan_cywilny", kinds: numbers},
	{category: gender, confidence: Medium, words: "gender sex geschlecht geschlechtskennzeichen sexe sexo sesso geslacht plec anrede salutation civilite tratamiento aanhef", kinds: numbers},
	{category: government, confidence: High, words: "ssn social_security social_security_number passport passport_number reisepass* passnummer ausweisnummer personalausweis* national_id nationalid identity_card tax_id tax_number tin steuer_id steuerid steuernummer steuer_nr steueridentifikationsnummer sozialversicherungs* sv_nummer svnr rvnr rentenversicherungs* dni nif nie cpf codice_fiscale codicefiscale bsn burgerservicenummer pesel nin insee numero_securite_sociale fuehrerschein* fuehrerscheinnr driving_licence driver_license drivers_license licence_number permis_conduire rijbewijs ahv avs", not: notData + " expires expiry ablauf gueltig issued klasse class country", kinds: numbers},
	{category: bank, confidence: High, words: "iban bank_account account_iban kontonummer kontonr konto_nr bankkonto bankverbindung bank_account_number compte_bancaire cuenta_bancaria conto_corrente rekeningnummer numer_konta kontoinhaber account_holder", not: notData, kinds: numbers},
	{category: card, confidence: High, words: "credit_card creditcard card_number cardnumber cc_number ccn kreditkarte* kreditkartennummer kartennummer carte_bancaire numero_carte tarjeta carta_credito numer_karty", not: notData + " id expiry expires brand last", kinds: numbers},
	{category: financial, confidence: Medium, words: "cvv cvc salary gehalt bruttogehalt lohn wage wages salaire salario stipendio salaris wynagrodzenie credit_limit credit_score bonitaet kreditlimit schufa", kinds: numbers, person: true},
	{category: password, confidence: High, words: "password passwd pwd passwort kennwort mot_de_passe motdepasse contrasena wachtwoord haslo password_hash hashed_password passwordhash pin_hash otp_secret totp_secret mfa_secret recovery_codes", not: "changed expires expiry reset_at at policy required tries", kinds: anything},
	{category: username, confidence: Medium, words: "username user_name login_name loginname nickname nick screen_name benutzername anmeldename nutzername nom_utilisateur nombre_usuario nome_utente gebruikersnaam nazwa_uzytkownika apodo", not: notData},
	{category: username, confidence: Low, words: "login handle", not: notData + " last first failed", person: true},
	{category: firstOrLast, confidence: High, words: "first_name firstname given_name givenname forename fname middle_name middlename vorname vornamen rufname prenom prenoms nombre_de_pila voornaam imie primeiro_nome last_name lastname surname family_name familyname lname nachname nachnamen familienname zuname nom_famille nom_de_famille apellido apellidos cognome achternaam nazwisko sobrenome maiden_name", not: notData},
	{category: firstOrLast, confidence: High, words: "full_name fullname display_name displayname real_name contact_name contactname contact_person customer_name client_name user_fullname person_name patient_name employee_name driver_name passenger_name guest_name recipient_name sender_name receiver_name consignee_name shipper_name cardholder cardholder_name kundenname kontaktperson ansprechpartner* ansprechperson empfaengername absendername fahrername nombre_completo nom_complet nome_completo volledige_naam imie_nazwisko nom_client persona_contacto persona_contatto contactpersoon", not: notData},
	{category: firstOrLast, confidence: Low, words: "name nom nombre nome naam nazwa namen title_name", not: notData + " file filename host domain table column event product tag company firma firm bank brand", person: true, comment: true},
	{category: street, confidence: High, words: "street street_address streetaddress street_name address_line address_line_one addressline address_one addr addr_line strasse strassenname str_nr *strasse anschrift lieferanschrift rechnungsanschrift postanschrift *anschrift rue calle indirizzo straat straatnaam ulica endereco house_number housenumber hausnummer hausnr haus_nr huisnummer numer_domu numero_civico postfach po_box", not: notData, kinds: numbers},
	{category: street, confidence: High, words: "address addresses adresse *adresse *address direccion domicilio domicile adres", not: notData + " web website url web_address mac wallet id memory contract", kinds: anything},
	{category: street, confidence: Low, words: "house haus str", kinds: numbers, address: true, comment: true},
	{category: postalCode, confidence: High, words: "zip zipcode zip_code postal_code postalcode postcode post_code plz postleitzahl code_postal codigo_postal cap_code kod_pocztowy codice_postale cep", not: notData + " file", kinds: numbers},
	{category: city, confidence: Medium, words: "city town ort wohnort stadt ville ciudad citta plaats woonplaats miasto miejscowosc cidade ortsteil suburb", address: true, comment: true},
	{category: state, confidence: Medium, words: "state province bundesland provincia wojewodztwo county kanton region departement", not: notData, address: true, comment: true},
	{category: country, confidence: Medium, words: "country land pays pais paese kraj country_code laenderkennzeichen staat", address: true, kinds: numbers, comment: true},
	{category: firstOrLast, confidence: Medium, words: "recipient receiver consignee shipper empfaenger absender warenempfaenger destinataire expediteur destinatario remitente mittente ontvanger odbiorca nadawca signed_by signee signature unterschrift unterzeichner kontoinhaber inhaber ship_name delivery_name billing_name received_by author_name beguenstigter anmelder zeichner fahrer driver bearbeiter sachbearbeiter", not: notData + " id nr no number nummer count rating", comment: true},
	{category: location, confidence: Medium, words: "latitude longitude geolocation gps_position home_location letzte_position", kinds: anythingNumeric(), person: true},
	{category: health, confidence: Medium, words: "diagnosis diagnose blood_type blutgruppe allergies allergien medical medication krankheit disability behinderung krankenkasse krankenversicherung health_condition"},
	{category: jobTitle, confidence: Low, words: "job_title jobtitle position beruf profession occupation profesion functie stanowisko title titel titre", person: true, comment: true},
	{category: uniqueID, confidence: Medium, words: "customer_number customer_no customerno kundennummer kundennr kunden_nr kdnr member_number membership_number mitgliedsnummer patient_number employee_number personalnummer personalnr matrikelnummer numero_client numero_cliente klantnummer numer_klienta loyalty_number", kinds: numbers, person: true},
	{category: uniqueID, confidence: Medium, words: "facebook_id google_id twitter_handle social_id external_user_id", not: "status art typ loesch", comment: true},
	{category: uniqueID, confidence: Low, words: "license_plate licence_plate plate_number kfz_kennzeichen kennzeichen nummernschild plaque_immatriculation matricula targa kenteken", not: "status art typ loesch", person: true, comment: true},
	{category: content, confidence: Medium, words: "avatar photo profile_picture profile_image passfoto lichtbild selfie biography bio", kinds: anything, person: true, comment: true},
	{category: content, confidence: Low, words: "note notes comment comments remark remarks message messages bemerkung bemerkungen notiz notizen kommentar nachricht anmerkung anmerkungen hinweis zusatzinfo commentaire commentaires remarque mensaje comentario comentarios observaciones commento messaggio nota note opmerking opmerkingen bericht uwagi komentarz wiadomosc observacoes freitext free_text body feedback complaint beschwerde reklamation instructions anweisung review_text reason grund eintrag", not: notData, kinds: anything, free: true, comment: true},
}

func anythingNumeric() []datamap.Kind {
	return []datamap.Kind{datamap.KindDecimal, datamap.KindText, datamap.KindJSON}
}

// match is the first rule that fits, nil when none does.
func match(words []string, kind datamap.Kind, s Setting) *rule {
	for i := range rules {
		r := &rules[i]
		kinds := r.kinds
		if len(kinds) == 0 {
			kinds = text
		}
		if r.person && !s.Person || r.address && !s.Address && !s.Person || !slices.Contains(kinds, kind) {
			continue
		}
		if hasAny(words, r.words) && !hasAny(words, r.not) && !slices.Contains(words, "id") {
			return r
		}
	}
	return nil
}

// Words of tables.
const (
	people = "customer customers client clients user users person persons people contact contacts employee employees staff member members patient patients " +
		"passenger passengers driver drivers guest guests subscriber subscribers applicant applicants student students teacher teachers account accounts " +
		"participant participants visitor visitors lead leads individual individuals recipient recipients profile profiles " +
		"kunde kunden *kunde *kunden kundenstamm mitarbeiter* benutzer nutzer personen fahrer ansprechpartner* mitglied mitglieder patienten gast gaeste bewerber versicherte* teilnehmer " +
		"utilisateur utilisateurs personne personnes salarie salaries chauffeur membre membres cliente clientes usuario usuarios persona personas empleado empleados " +
		"clienti utente utenti dipendente dipendenti persone klant klanten gebruiker gebruikers medewerker medewerkers klient klienci pracownik pracownicy uzytkownik uzytkownicy osoba osoby " +
		"pessoa pessoas funcionario funcionarios"
	notPeople     = "role roles group groups type types type_id permission permissions setting settings chart ledger status kategorie gruppe gruppen rolle rollen typ art order orders"
	organisations = "shipper shippers company companies supplier suppliers vendor vendors carrier carriers organisation organisations organization organizations firm firma firmen lieferant* spediteur* frachtfuehrer " +
		"warehouse warehouses lager standort standorte branch branches office offices depot depots port ports bank banks shop shops store stores entreprise empresa azienda bedrijf fournisseur proveedor niederlassung*"
	owners   = "author owner user customer client account member person kunde benutzer autor besitzer auteur autore proprietaire cliente usuario utente klant gebruiker klient"
	anybody  = "author owner autor besitzer auteur autore proprietaire"
	accounts = "user users account accounts member members person persons benutzer nutzer utilisateur usuario utente gebruiker"
	staff    = "employee employees staff driver drivers fahrer chauffeur chauffeurs courier couriers kurier mitarbeiter* personal angestellte* salarie salaries empleado empleados dipendente dipendenti medewerker medewerkers pracownik pracownicy " +
		"funcionario funcionarios agent agents operator operators admin admins administrator administrators sachbearbeiter disponent* worker workers"
	addresses = "address addresses adress* anschrift* direccion* indirizz* adres* domicil* endereco*"
	roles     = "created_by updated_by modified_by deleted_by approved_by changed_by assigned_to assigned assignee handled_by processed_by support_rep sales_rep rep salesperson account_manager manager " +
		"supervisor reports_to agent operator reviewer reviewed_by moderator inviter invited_by referred_by referrer cashier editor bearbeiter sachbearbeiter disponent vorgesetzter vorgesetzte* angelegt_von " +
		"geaendert_von erstellt_von freigegeben_von betreuer verkaeufer erfasst_von geaendert erstellt_durch cree_par modifie_par creado_por aprobado_por creato_da jefe superviseur leidinggevende kierownik boss chef"
	parties = "sender receiver recipient from to shipper consignee buyer seller payer payee empfaenger absender expediteur destinataire remitente destinatario mittente afzender ontvanger nadawca odbiorca inviter invitee"
)

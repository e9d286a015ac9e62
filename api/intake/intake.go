package intake

import (
	"context"
	"net/mail"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"habeas/api/problem"
	"habeas/models"
	"habeas/models/request"
	"habeas/models/store"
)

// Controllers is what is needed to find out whose data a submission is about.
type Controllers interface {
	ControllerBySlug(ctx context.Context, slug string) (request.Controller, error)
	ControllerByID(ctx context.Context, scope models.Scope, id models.ID) (request.Controller, error)
	Controllers(ctx context.Context, scope models.Scope) ([]request.Controller, error)
}

// Raw is a submission as it was typed.
type Raw struct {
	Controller string // slug; may be empty when there is but one
	Right      string
	Name       string
	Email      string
	Identities []Identity
	Message    string
	Language   string
	Vouched    bool
	Agent      *Agent // who asks for the person; nil when they ask themselves
	Statement
}

// Identity is a further identifier as it was typed.
type Identity struct{ Kind, Value string }

// Longest texts, in characters.
const (
	maxEmail   = 254
	maxName    = 200
	maxValue   = 254
	maxMessage = 4000
)

var (
	languageTag = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$`)
	kindName    = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)
	hostName    = regexp.MustCompile(`^([\pL\pN]([\pL\pN-]{0,61}[\pL\pN])?\.)+[\pL\pN]([\pL\pN-]{0,61}[\pL\pN])$`)
)

// Check makes a submission of what was typed; by is who calls, its zero value being the public. It fails with problem.Faults:
// unknown_right, bad_email, missing_controller, unknown_controller, too_long, bad_identity, bad_language, not_vouchable, what an agent lacks
// (missing_agent, bad_agent_email, agent_is_person, missing_basis, missing_proof, bad_proof, proof_too_large), or what the right needs: missing_ground, unknown_ground, missing_purpose, unknown_purpose, missing_situation, missing_correction, bad_correction, too_many_items or
// not_of_this_right.
func Check(ctx context.Context, s Controllers, raw Raw, by models.Principal) (store.Submission, error) {
	var faults problem.Faults
	add := func(field, code, message string) {
		faults = append(faults, models.Errorf(models.Invalid, code, "%s", message).At(field))
	}
	controller, err := findController(ctx, s, raw.Controller, by)
	if err != nil && models.KindOf(err) != models.Invalid {
		return store.Submission{}, err
	}
	right, rightErr := models.ParseRight(strings.TrimSpace(raw.Right))
	if rightErr != nil {
		add("/right", "unknown_right", "The right must be one of access, export, rectification, erasure, restriction, objection.")
	}
	if err != nil {
		add("/controller", models.CodeOf(err), sentence(err))
	}
	email, ok := ParseEmail(raw.Email)
	if !ok {
		add("/email", "bad_email", "Give an e-mail address in the form name@example.com.")
	}
	name := clean(raw.Name)
	if utf8.RuneCountInString(name) > maxName {
		add("/name", "too_long", "The name is too long.")
	}
	if utf8.RuneCountInString(raw.Message) > maxMessage {
		add("/message", "too_long", "The message is too long.")
	}
	language := strings.TrimSpace(raw.Language)
	if language == "" {
		language = "en"
	} else if !languageTag.MatchString(language) {
		add("/language", "bad_language", "The language must be a BCP 47 tag such as en or de-AT.")
	}
	proven, claimed, bad := identitiesOf(email, raw.Identities, raw.Vouched)
	if bad {
		add("/identities", "bad_identity", "An identity needs a kind such as phone_number and a value of at most 254 characters.")
	}
	if raw.Vouched && by.Role != models.RoleController {
		add("/identity_vouched", "not_vouchable", "Only a controller can vouch for a person, with its key.")
	}
	said := statement(right, raw.Statement, &faults)
	agent := agentOf(raw.Agent, email, &faults)
	if len(faults) > 0 {
		return store.Submission{}, faults
	}
	return store.Submission{
		Controller: controller, Right: right, Language: language, Vouched: raw.Vouched, Actor: actor(by), Channel: channel(by),
		Agent: agent,
		Subject: request.Subject{
			Name: models.Personal(name), Email: models.Personal(email), Identities: proven, Claimed: claimed,
			Message: models.Personal(strings.TrimSpace(raw.Message)), Statement: said,
		},
	}, nil
}

func actor(by models.Principal) models.Actor {
	if by.Role == "" {
		return models.Actor{Role: models.RoleSubject}
	}
	return by.Actor
}

func channel(by models.Principal) request.Channel {
	switch {
	case by.Role == models.RoleController:
		return request.ChannelController
	case by.Role.Staff():
		return request.ChannelStaff
	}
	return request.ChannelAPI
}

func sentence(err error) string {
	for _, e := range []*models.Error{missingController, unknownController} {
		if models.CodeOf(err) == e.Code {
			return e.Message
		}
	}
	return ""
}

var (
	missingController = models.Errorf(models.Invalid, "missing_controller", "Name the controller whose data it is about.")
	unknownController = models.Errorf(models.Invalid, "unknown_controller", "There is no such controller here.")
)

// findController is the named controller; a customer's key stands for its own, and where there is but one it need not be named.
func findController(ctx context.Context, s Controllers, slug string, by models.Principal) (request.Controller, error) {
	slug = strings.TrimSpace(slug)
	if id, limited := by.Scope.Controller(); by.Role == models.RoleController && limited {
		c, err := s.ControllerByID(ctx, by.Scope, id)
		if err == nil && slug != "" && slug != c.Slug {
			return request.Controller{}, unknownController
		}
		return c, err
	}
	if slug != "" {
		c, err := s.ControllerBySlug(ctx, slug)
		if models.KindOf(err) == models.NotFound {
			return request.Controller{}, unknownController
		}
		return c, err
	}
	all, err := s.Controllers(ctx, models.ScopeOperator())
	if err != nil {
		return request.Controller{}, err
	}
	if len(all) != 1 {
		return request.Controller{}, missingController
	}
	return all[0], nil
}

// ParseEmail reads one plain address; ok is false for anything else, such as a display name or a domain without a dot.
func ParseEmail(s string) (address string, ok bool) {
	s = strings.TrimSpace(s)
	if s == "" || len(s) > maxEmail || !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }) {
		return "", false
	}
	parsed, err := mail.ParseAddress(s)
	if err != nil || parsed.Address != s {
		return "", false
	}
	local, domain, found := cutLast(s, "@")
	return s, found && local != "" && len(local) <= 64 && hostName.MatchString(domain)
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// identitiesOf sorts identities into those that the request will be proven by, the address first, and those that the person merely claims;
// empty and repeated ones are left out. The mail that confirms a request proves its address and nothing else, so that everything else counts
// only where a controller vouches for it: with somebody else's customer number one must not get, or erase, that person's data.
func identitiesOf(email string, typed []Identity, vouched bool) (proven, claimed []request.Identity, bad bool) {
	proven = []request.Identity{{Kind: "email", Value: models.Personal(email)}}
	seen := map[Identity]bool{{"email", email}: true}
	for _, i := range typed {
		i.Kind, i.Value = strings.TrimSpace(i.Kind), clean(i.Value)
		if i.Value == "" || seen[i] {
			continue
		}
		if !kindName.MatchString(i.Kind) || utf8.RuneCountInString(i.Value) > maxValue {
			return nil, nil, true
		}
		if i.Kind == "email" {
			if _, ok := ParseEmail(i.Value); !ok || !vouched {
				return nil, nil, true
			}
		}
		seen[i] = true
		if id := (request.Identity{Kind: i.Kind, Value: models.Personal(i.Value)}); vouched {
			proven = append(proven, id)
		} else {
			claimed = append(claimed, id)
		}
	}
	return proven, claimed, false
}

// clean takes away what cannot be seen: control characters, and blanks at the ends.
func clean(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, s))
}

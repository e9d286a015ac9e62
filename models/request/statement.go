package request

import (
	"slices"
	"strings"

	"habeas/models"
)

// Statement is what a person says besides who they are, as the right needs it. Ground and Purposes are words of the law; the rest is personal.
type Statement struct {
	Ground      Ground          // Restriction: why the data is to be restricted
	Purposes    []Purpose       // Objection: what the data is not to be used for, sorted
	Situation   models.Personal // Objection: the person's situation, Art. 21(1)
	Wrong       models.Personal // Rectification: what is wrong, in the person's words
	Correct     models.Personal // Rectification: what is right
	Corrections []Said          // Rectification: the same as field and value, if the person wrote it so
}

// Said is one correction as the person wrote it: the name that they give to a field, and the value that is right.
type Said struct {
	Field models.Personal
	Value models.Personal
}

// Ground is a point of Art. 18(1).
type Ground string

const (
	GroundAccuracy  Ground = "accuracy"  // (a) the accuracy is contested, while it is verified
	GroundUnlawful  Ground = "unlawful"  // (b) the processing is unlawful and the person does not want erasure
	GroundClaims    Ground = "claims"    // (c) the person needs the data for legal claims
	GroundObjection Ground = "objection" // (d) the person has objected, while it is weighed
)

var points = map[Ground]string{GroundAccuracy: "(a)", GroundUnlawful: "(b)", GroundClaims: "(c)", GroundObjection: "(d)"}

// Grounds are all grounds of a restriction, in the order of the law.
func Grounds() []Ground {
	return []Ground{GroundAccuracy, GroundUnlawful, GroundClaims, GroundObjection}
}

// Article is the point of the article, e.g. "Art. 18(1)(a) GDPR"; empty for no ground.
func (g Ground) Article() string {
	if points[g] == "" {
		return ""
	}
	return "Art. 18(1)" + points[g] + " GDPR"
}

// ParseGround reads a ground; it fails with unknown_ground.
func ParseGround(s string) (Ground, error) {
	if g := Ground(s); points[g] != "" {
		return g, nil
	}
	return "", models.Errorf(models.Invalid, "unknown_ground", "The ground must be one of accuracy, unlawful, claims, objection.").At("/ground")
}

// Purpose is what somebody objects to: a purpose of processing, in words that a company's systems can ask for.
type Purpose string

const (
	DirectMarketing     Purpose = "direct_marketing"     // Art. 21(2), absolute
	Profiling           Purpose = "profiling"            // for marketing Art. 21(2), else 21(1)
	LegitimateInterests Purpose = "legitimate_interests" // anything based on Art. 6(1)(e) or (f), Art. 21(1)
	Research            Purpose = "research"             // research and statistics, Art. 21(6)
)

// Purposes are all purposes that can be objected to.
func Purposes() []Purpose {
	return []Purpose{DirectMarketing, Profiling, LegitimateInterests, Research}
}

// ParsePurpose reads a purpose; it fails with unknown_purpose.
func ParsePurpose(s string) (Purpose, error) {
	if p := Purpose(s); slices.Contains(Purposes(), p) {
		return p, nil
	}
	return "", models.Errorf(models.Invalid, "unknown_purpose", "A purpose must be one of direct_marketing, profiling, legitimate_interests, research.").At("/purposes")
}

// purposeWords are parts of a purpose as a data map words it.
var purposeWords = map[Purpose][]string{
	DirectMarketing: {"marketing", "newsletter", "advert"}, Profiling: {"profil", "personali"}, Research: {"research", "statistic"},
}

// Covers reports whether an objection concerns processing with the given purposes, as the data map words them, and legal basis.
func (p Purpose) Covers(purposes []string, basis string) bool {
	if p == LegitimateInterests {
		return basis == "legitimate_interests" || basis == "public_task"
	}
	return slices.ContainsFunc(purposes, func(words string) bool {
		return slices.ContainsFunc(purposeWords[p], func(part string) bool { return strings.Contains(strings.ToLower(words), part) })
	})
}

// Covers reports whether the objection concerns processing with the given purposes and legal basis.
func (s Statement) Covers(purposes []string, basis string) bool {
	return slices.ContainsFunc(s.Purposes, func(p Purpose) bool { return p.Covers(purposes, basis) })
}

// Absolute reports whether nothing can be weighed against an objection to the given purpose: direct marketing, and profiling in so far as it serves
// that (Art. 21(2), (3)).
func (s Statement) Absolute(p Purpose) bool {
	return p == DirectMarketing || p == Profiling && slices.Contains(s.Purposes, DirectMarketing)
}

// Weighed reports whether the objection needs the DPO: a purpose of it is not absolute.
func (s Statement) Weighed() bool {
	return slices.ContainsFunc(s.Purposes, func(p Purpose) bool { return !s.Absolute(p) })
}

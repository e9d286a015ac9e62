package persons_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/breach/persons"
)

func read(t *testing.T, text string) ([]string, persons.Report) {
	t.Helper()
	var got []string
	report, err := persons.Read(strings.NewReader(text), func(p persons.Person) error {
		got = append(got, p.Name.Reveal()+"<"+p.Email.Reveal()+">")
		return nil
	})
	require.NoError(t, err)
	return got, report
}

func TestAListIsReadWithItsDuplicatesAndBrokenLinesCounted(t *testing.T) {
	t.Parallel()
	got, report := read(t, "\ufeffann@example.com\r\n\n  Bob@Example.com \nbob@example.com\nno address\n\"eve@example.com\"\nAda <ada@example.com>\nx@y@z\n")
	require.Equal(t, []string{"<ann@example.com>", "<Bob@Example.com>", "<eve@example.com>"}, got)
	require.Equal(t, persons.Report{Lines: 7, Persons: 3, Duplicates: 1, Broken: []int{5, 7, 8}, BrokenAll: 3}, report)
}

func TestATableOfASpreadsheetIsRead(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"commas":     "id,Name,E-Mail\n1,\"O'Neil, Ann\",ann@example.com\n2,\"Bob \"\"B\"\"\",bob@example.com\n3\n",
		"semicolons": "Name;email\n\"O'Neil, Ann\";ann@example.com\n\"Bob \"\"B\"\"\";bob@example.com\n;\n",
	} {
		got, report := read(t, text)
		require.Equal(t, []string{"O'Neil, Ann<ann@example.com>", `Bob "B"<bob@example.com>`}, got, name)
		require.Equal(t, 1, report.BrokenAll, name)
		require.Equal(t, 3, report.Lines, name)
	}
}

func TestAListThatIsNoListNamesAFewOfItsLines(t *testing.T) {
	t.Parallel()
	_, report := read(t, strings.Repeat("nothing here\n", 1000))
	require.Len(t, report.Broken, persons.MaxBroken)
	require.Equal(t, 1000, report.BrokenAll)
	_, err := persons.Read(strings.NewReader(strings.Repeat("a", 1<<20)), func(persons.Person) error { return nil })
	require.Equal(t, "line_too_long", models.CodeOf(err))
	own := errors.New("stop")
	_, err = persons.Read(strings.NewReader("a@example.com"), func(persons.Person) error { return own })
	require.ErrorIs(t, err, own)
}

func FuzzRead(f *testing.F) {
	f.Add("name,email\n\"a\"\"b\",x@example.com\n")
	f.Fuzz(func(t *testing.T, text string) {
		n := 0
		report, err := persons.Read(strings.NewReader(text), func(p persons.Person) error {
			n++
			if strings.ContainsAny(p.Email.Reveal(), "\r\n") {
				t.Fatal("an address of two lines")
			}
			return nil
		})
		if err == nil && (report.Persons != n || report.Lines != n+report.Duplicates+report.BrokenAll) {
			t.Fatalf("%+v, %d persons", report, n)
		}
	})
}

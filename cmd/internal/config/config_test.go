package config_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/cmd/internal/config"
	"habeas/models"
	"habeas/models/store"
)

const everything = config.NeedDatabase | config.NeedKeys | config.NeedPortal | config.NeedWorker

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file.yml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// complete is an environment with nothing wrong in it.
func complete(t *testing.T) map[string]string {
	t.Helper()
	some := file(t, "x")
	return map[string]string{
		"HABEAS_DATABASE_URL": "postgres://habeas:canary@db/habeas", "HABEAS_MASTER_KEY": "canary-master", "HABEAS_SIGNING_KEY": "canary-signing",
		"HABEAS_BASE_URL": "https://privacy.example", "HABEAS_OPERATOR_NAME": "Northwind", "HABEAS_DPO_EMAIL": "dpo@northwind.example",
		"HABEAS_DATA_MAPS": some + "," + some, "HABEAS_SYSTEMS": some, "HABEAS_SMTP_HOST": "smtp.example", "HABEAS_SMTP_FROM": "privacy@northwind.example",
		"HABEAS_SMTP_PASSWORD": "canary-smtp", "HABEAS_TEMPORAL_API_KEY": "canary-temporal",
	}
}

func TestACompleteConfigurationIsAccepted(t *testing.T) {
	t.Parallel()
	c, err := config.Load("", complete(t))
	require.NoError(t, err)
	require.NoError(t, c.Validate(everything))
	require.Equal(t, "postgres://habeas:canary@db/habeas", c.DatabaseURL.Reveal())
	require.Len(t, c.DataMaps, 2)
	require.Equal(t, 30*24*time.Hour, c.Policy.LapseAfter, "a default")
}

func TestEveryProblemIsNamedAtOnceAndNoSecretShown(t *testing.T) {
	t.Parallel()
	broken := complete(t)
	maps.Copy(broken, map[string]string{
		"HABEAS_BASE_URL": "privacy.example/", "HABEAS_TRUSTED_PROXIES": "10.0.0.0/8,ten", "HABEAS_OPERATOR_NAME": " ", "HABEAS_DPO_EMAIL": "canary",
		"HABEAS_DATA_MAPS": "/nowhere.yml", "HABEAS_SYSTEMS": "", "HABEAS_SMTP_HOST": "", "HABEAS_SMTP_PORT": "0", "HABEAS_SMTP_TLS": "maybe",
		"HABEAS_SMTP_FROM": "canary", "HABEAS_TEMPORAL_ADDRESS": " ", "HABEAS_TEMPORAL_CERT_FILE": "/nowhere.pem", "HABEAS_RULES": "/no-rules",
		"HABEAS_POLICY_LAPSE_AFTER": "0s", "HABEAS_POLICY_REMIND_BEFORE_DAYS": "7,99", "HABEAS_LOG_LEVEL": "loud", "HABEAS_LOG_FORMAT": "xml",
		"HABEAS_POLICY_PACKAGE_FOR": "-1h", "HABEAS_OPENDSR_CERT_FILE": "/nowhere.pem", "HABEAS_OPENDSR_IDENTITIES": "android_id",
		"HABEAS_DRP": "/nowhere.yml",
	})
	delete(broken, "HABEAS_MASTER_KEY")
	c, err := config.Load("", broken)
	require.NoError(t, err)
	err = c.Validate(everything)
	require.Equal(t, "bad_configuration", models.CodeOf(err))
	for _, name := range []string{
		"MASTER_KEY", "BASE_URL", "TRUSTED_PROXIES", "OPERATOR_NAME", "DPO_EMAIL", "DATA_MAPS", "SYSTEMS", "SMTP_HOST", "SMTP_PORT", "SMTP_TLS",
		"SMTP_FROM", "TEMPORAL_ADDRESS", "TEMPORAL_CERT_FILE", "RULES", "POLICY_LAPSE_AFTER", "POLICY_REMIND_BEFORE_DAYS", "POLICY_PACKAGE_FOR",
		"OPENDSR_CERT_FILE", "OPENDSR_IDENTITIES", "DRP",
		"LOG_LEVEL", "LOG_FORMAT",
	} {
		require.Contains(t, err.Error(), "HABEAS_"+name+" ")
	}
	require.NotContains(t, err.Error(), "canary")
}

func TestACommandNeedsOnlyItsPart(t *testing.T) {
	t.Parallel()
	c, err := config.Load("", map[string]string{"HABEAS_DATABASE_URL": "postgres://db/habeas"})
	require.NoError(t, err)
	require.NoError(t, c.Validate(config.NeedDatabase))
	require.ErrorContains(t, c.Validate(config.NeedKeys), "habeas keys generate")
	require.ErrorContains(t, c.Validate(config.NeedPortal), "HABEAS_BASE_URL")
}

func TestTheEnvironmentOverridesTheFile(t *testing.T) {
	t.Parallel()
	path := file(t, `
database_url: postgres://file/habeas
base_url: https://file.example
data_maps: [a.yml, b.yml]
temporal: {namespace: other, tls: true}
policy: {lapse_after: 48h, remind_before_days: [9, 3], approve_undecided: true}
`)
	c, err := config.Load(path, map[string]string{
		"HABEAS_BASE_URL": "https://env.example", "HABEAS_POLICY_REMIND_BEFORE_DAYS": "5,2", "HABEAS_TEMPORAL_ADDRESS": "t:7233",
		"BASE_URL": "https://not.ours",
	})
	require.NoError(t, err)
	require.Equal(t, "https://env.example", c.BaseURL)
	require.Equal(t, "postgres://file/habeas", c.DatabaseURL.Reveal())
	require.Equal(t, []string{"a.yml", "b.yml"}, c.DataMaps)
	require.Equal(t, []int{5, 2}, c.Policy.RemindBefore)
	require.Equal(t, 48*time.Hour, c.Policy.LapseAfter)
	require.True(t, c.Policy.ApproveUndecided)
	require.Equal(t, config.Temporal{Address: "t:7233", Namespace: "other", TLS: true}, c.Temporal)
	require.Equal(t, "info", c.Log.Level)
}

func TestWhatCannotBeReadIsRefusedWithoutASecret(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text, env, value, want string
	}{
		"an unknown key":        {text: "databse_url: canary", want: "databse_url"},
		"an unknown policy":     {text: "policy: {lapse: 3h}", want: "lapse"},
		"no YAML":               {text: "database_url: [canary", want: "file.yml"},
		"a list for a secret":   {text: "master_key: [canary]", want: "file.yml"},
		"a length without unit": {env: "HABEAS_POLICY_LAPSE_AFTER", value: "30", want: "LapseAfter"},
		"a number that is none": {env: "HABEAS_SMTP_PORT", value: "many", want: "Port"},
		"a secret without file": {env: "HABEAS_MASTER_KEY_FILE", value: "/nowhere", want: "HABEAS_MASTER_KEY_FILE"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			environ := map[string]string{}
			if c.env != "" {
				environ[c.env] = c.value
			}
			_, err := config.Load(file(t, c.text), environ)
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, err.Error(), "canary")
		})
	}
	_, err := config.Load("/nowhere.yml", nil)
	require.Error(t, err)
}

func TestASecretMayComeFromAFile(t *testing.T) {
	t.Parallel()
	environ := map[string]string{"HABEAS_MASTER_KEY": "from the environment"}
	for _, name := range []string{"DATABASE_URL", "MASTER_KEY", "SIGNING_KEY", "TEMPORAL_API_KEY", "SMTP_PASSWORD"} {
		environ["HABEAS_"+name+"_FILE"] = file(t, "  secret of "+name+"\n")
	}
	c, err := config.Load("", environ)
	require.NoError(t, err)
	require.Equal(t, []string{
		"secret of DATABASE_URL", "secret of MASTER_KEY", "secret of SIGNING_KEY", "secret of TEMPORAL_API_KEY", "secret of SMTP_PASSWORD",
	}, []string{c.DatabaseURL.Reveal(), c.MasterKey.Reveal(), c.SigningKey.Reveal(), c.Temporal.APIKey.Reveal(), c.SMTP.Password.Reveal()})
}

func TestNoSecretIsPrinted(t *testing.T) {
	t.Parallel()
	c, err := config.Load("", complete(t))
	require.NoError(t, err)
	for _, text := range []string{sprint(c), sprint(&c)} {
		require.NotContains(t, text, "canary")
	}
}

func TestEachSettingHasAVariableAndAKey(t *testing.T) {
	t.Parallel()
	var walk func(reflect.Type)
	seen := map[string]bool{}
	walk = func(typ reflect.Type) {
		for i := range typ.NumField() {
			f := typ.Field(i)
			require.NotEmpty(t, f.Tag.Get("yaml"), f.Name)
			if f.Type.Kind() == reflect.Struct {
				require.NotEmpty(t, f.Tag.Get("envPrefix"), f.Name)
				walk(f.Type)
				continue
			}
			require.NotEmpty(t, f.Tag.Get("env"), f.Name)
			require.Equal(t, strings.ToUpper(f.Tag.Get("env")), f.Tag.Get("env"))
			seen[f.Name] = true
		}
	}
	walk(reflect.TypeFor[config.Config]())
	require.Greater(t, len(seen), 30)
}

func TestASystemHasExactlyOneAddress(t *testing.T) {
	t.Parallel()
	mounted := file(t, "postgres://canary@file/crm\n")
	environ := map[string]string{"CRM_DSN": "postgres://canary@env/crm"}
	for name, c := range map[string]struct{ text, want, code string }{
		"in the file":        {"{kind: postgres, dsn: 'postgres://canary@yaml/crm'}", "postgres://canary@yaml/crm", ""},
		"in the environment": {"{kind: postgres, dsn_env: CRM_DSN}", "postgres://canary@env/crm", ""},
		"mounted":            {"{kind: postgres, dsn_file: " + mounted + "}", "postgres://canary@file/crm", ""},
		"none":               {"{kind: postgres}", "", "bad_system"},
		"two":                {"{kind: postgres, dsn: 'postgres://canary', dsn_env: CRM_DSN}", "", "bad_system"},
		"an empty variable":  {"{kind: postgres, dsn_env: NOT_SET}", "", "bad_system"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			systems, err := config.LoadSystems(file(t, "systems: {crm: "+c.text+"}"), environ)
			if c.code != "" {
				require.Equal(t, c.code, models.CodeOf(err))
				require.ErrorContains(t, err, "system crm")
				require.NotContains(t, err.Error(), "canary")
				return
			}
			require.NoError(t, err)
			require.Equal(t, "postgres", systems["crm"].Kind)
			require.Equal(t, c.want, systems["crm"].DSN.Reveal())
			require.NotContains(t, sprint(systems), "canary@")
		})
	}
	systems, err := config.LoadSystems(file(t, "systems: {archive: {kind: manual}, far: {kind: postgres, queue: oslo}}"), nil)
	require.NoError(t, err, "a person needs no address, and another worker knows its own")
	require.True(t, systems["archive"].Here())
	require.False(t, systems["far"].Here())
	_, err = config.LoadSystems(file(t, "systems: {far: {kind: postgres, queue: 'Ada Lovelace'}}"), nil)
	require.Equal(t, "bad_queue", models.CodeOf(err))
	_, err = config.LoadSystems(file(t, "systems: {crm: {kind: postgres, url: canary}}"), nil)
	require.ErrorContains(t, err, "url")
	_, err = config.LoadSystems(file(t, "systems: {crm: {kind: postgres, dsn_file: /nowhere}}"), nil)
	require.ErrorContains(t, err, "/nowhere")
	_, err = config.LoadSystems("/nowhere.yml", nil)
	require.Error(t, err)
}

func TestAnOrganisationIsReadAsItIs(t *testing.T) {
	t.Parallel()
	o, err := config.LoadOrganisation(file(t, `
controllers:
  - {slug: northwind, name: Northwind, operator: true, regime: EU_GDPR, timezone: Europe/Brussels, country: BE, contact: a@northwind.example, authority: APD}
recipients:
  - {slug: carrier, name: Carrier, channel: mail, address: a@carrier.example, categories: [user.contact], country: DE, purpose: transport, reminder_after: 72h}
`))
	require.NoError(t, err)
	require.Equal(t, "Europe/Brussels", o.Controllers[0].Domain().Timezone)
	require.True(t, o.Controllers[0].Domain().Operator)
	require.Equal(t, store.ChannelMail, o.Recipients[0].Domain(store.Recipient{}).Channel)
	require.Equal(t, 72*time.Hour, o.Recipients[0].Domain(store.Recipient{}).ReminderAfter)
	_, err = config.LoadOrganisation(file(t, "controllers: [{slug: a, nmae: b}]"))
	require.ErrorContains(t, err, "nmae")
	_, err = config.LoadOrganisation("/nowhere.yml")
	require.Error(t, err)
}

// sprint prints a value in every way that a careless log line would.
func sprint(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%v %+v %#v %s", v, v, v, b)
}

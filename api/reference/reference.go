package reference

import (
	"net/http"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/labstack/echo/v4"

	"habeas/api/problem"
	"habeas/models"
	"habeas/templates"
)

// Show renders a page inside the frame of public pages.
type Show func(w http.ResponseWriter, r *http.Request, status int, render func(*templates.Engine, templates.Frame) ([]byte, error)) error

// Server shows the pages.
type Server struct {
	show     Show
	view     templates.ReferenceView
	schemas  []templates.ReferenceSchema
	problems templates.ProblemsView
}

// New makes the pages of the document; base is the installation's URL. It fails when the list of problems cannot be read.
func New(document *openapi3.T, base string, show Show) (*Server, error) {
	s := &Server{show: show, view: read(document, base), schemas: schemas(document)}
	list, err := problem.List()
	for _, p := range list {
		s.problems.Problems = append(s.problems.Problems, templates.KnownProblem{Code: p.Code, Says: p.Says, Statuses: p.Statuses})
	}
	return s, err
}

// Routes adds the routes.
func (s *Server) Routes(e *echo.Echo) {
	e.GET("/reference", func(c echo.Context) error { return page(s, c, templates.Reference, s.view) })
	e.GET("/reference/schemas", s.allSchemas)
	e.GET("/reference/schemas/:name", s.schema)
	e.GET("/reference/problems", func(c echo.Context) error { return page(s, c, templates.Problems, s.problems) })
	e.GET("/problems/:code", s.problem)
}

func page[V any](s *Server, c echo.Context, p *templates.Page[V], view V) error {
	return s.show(c.Response(), c.Request(), http.StatusOK, func(e *templates.Engine, f templates.Frame) ([]byte, error) { return p.Render(e, f, view) })
}

func (s *Server) allSchemas(c echo.Context) error {
	var v templates.SchemasView
	for _, one := range s.schemas {
		v.Names = append(v.Names, one.Name)
	}
	return page(s, c, templates.Schemas, v)
}

func (s *Server) schema(c echo.Context) error {
	for _, one := range s.schemas {
		if one.Name == c.Param("name") {
			return page(s, c, templates.Schema, one)
		}
	}
	return models.Errorf(models.NotFound, "not_found", "There is no such schema.")
}

// problem is what the type of a problem leads to.
func (s *Server) problem(c echo.Context) error {
	for _, p := range s.problems.Problems {
		if p.Code == c.Param("code") {
			return c.Redirect(http.StatusSeeOther, "/reference/problems#"+p.Code)
		}
	}
	return models.Errorf(models.NotFound, "not_found", "There is no such problem.")
}

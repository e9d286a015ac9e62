package store

import (
	"errors"
	"net"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"

	"habeas/models"
)

// again reports whether a failed transaction should simply be run again.
func again(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (pg.Code == "40001" || pg.Code == "40P01") // serialization_failure, deadlock_detected
}

// unavailable marks an error that says the database does not answer now; other errors pass unchanged.
func unavailable(err error) error {
	if err == nil || models.KindOf(err) != "" || !lost(err) {
		return err
	}
	return models.Errorf(models.Unavailable, "database_unavailable", "The database does not answer; try again.").Because(err)
}

func lost(err error) bool {
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		// Connection exceptions, insufficient resources, operator intervention; a lock or a statement that took too long.
		return strings.HasPrefix(pg.Code, "08") || strings.HasPrefix(pg.Code, "53") || strings.HasPrefix(pg.Code, "57") || pg.Code == "55P03"
	}
	return pgconn.SafeToRetry(err)
}

// missing turns "no such row" into not_found for the named thing, which also hides rows of another tenant.
func missing(err error, what string) error {
	if errors.Is(err, gorm.ErrRecordNotFound) || errors.Is(err, pgx.ErrNoRows) {
		return notFound(what)
	}
	return unavailable(err)
}

func notFound(what string) error {
	return models.Errorf(models.NotFound, "not_found", "There is no such %s.", what)
}

// violates reports whether err is a violation of a unique rule.
func violates(err error) bool {
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return true
	}
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.Code == "23505"
}

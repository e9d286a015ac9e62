package v1

import (
	"context"
	"errors"
	"mime"
	"net/http"

	"habeas/api/intake"
	"habeas/api/problem"
	"habeas/models"
	"habeas/models/store"
)

// GetTask is one task with what is to be done.
func (s *Server) GetTask(ctx context.Context, in GetTaskRequestObject) (GetTaskResponseObject, error) {
	scope := caller(ctx).Scope
	id, err := models.ParseID(in.ID)
	if err != nil {
		return nil, err
	}
	t, err := s.store.Task(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	r, err := s.store.Request(ctx, scope, t.RequestID)
	if err != nil {
		return nil, err
	}
	files, err := s.store.TaskFiles(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	out := TaskDetail{Task: taskOf(t, r), Instructions: t.Instructions, Files: make([]TaskFile, len(files))}
	for i, f := range files {
		out.Files[i] = fileOf(f)
	}
	return GetTask200JSONResponse(out), nil
}

func fileOf(f store.TaskFile) TaskFile {
	return TaskFile{ID: f.ID.String(), Media: f.Media, Size: f.Size, At: f.At}
}

// AddTaskFile takes a file in as it comes.
func (s *Server) AddTaskFile(ctx context.Context, in AddTaskFileRequestObject) (AddTaskFileResponseObject, error) {
	by := caller(ctx)
	id, err := models.ParseID(in.ID)
	if err != nil {
		return nil, err
	}
	_, said, err := mime.ParseMediaType(in.Params.ContentDisposition)
	if err != nil && in.Params.ContentDisposition != "" {
		return nil, models.Errorf(models.Invalid, "bad_parameter", "A parameter is not of the form that it must have.").At("Content-Disposition")
	}
	file, err := s.store.AddTaskFile(ctx, by.Scope, id, by.Actor, intake.FileName(said["filename"]), in.Body)
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		err = problem.TooLarge()
	}
	if err != nil {
		return nil, err
	}
	return AddTaskFile201JSONResponse(TaskFile{ID: file.String()}), nil
}

// GetTaskFile hands a file out as it was sent.
func (s *Server) GetTaskFile(ctx context.Context, in GetTaskFileRequestObject) (GetTaskFileResponseObject, error) {
	id, file, err := twoIDs(in.ID, in.FileID)
	if err != nil {
		return nil, err
	}
	content, f, err := s.store.ViewTaskFile(ctx, caller(ctx), id, file)
	if err != nil {
		return nil, err
	}
	return GetTaskFile200ApplicationOctetStreamResponse{
		Body: content, ContentLength: f.Size, Headers: GetTaskFile200ResponseHeaders{ContentDisposition: attachment(f.Name.Reveal())},
	}, nil
}

// RemoveTaskFile removes a file from an open task.
func (s *Server) RemoveTaskFile(ctx context.Context, in RemoveTaskFileRequestObject) (RemoveTaskFileResponseObject, error) {
	by := caller(ctx)
	id, file, err := twoIDs(in.ID, in.FileID)
	if err != nil {
		return nil, err
	}
	return RemoveTaskFile204Response{}, s.store.RemoveTaskFile(ctx, by.Scope, id, file, by.Actor)
}

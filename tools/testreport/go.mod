module habeas/tools/testreport

go 1.26.0

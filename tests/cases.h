/*
 * cases.h - tests whose cases are files: what FOLDER/CASE.something leads to
 * must be the bytes of FOLDER/CASE.expected beside it.
 *
 * With RECORD=1 in the environment the .expected files are written anew, to be
 * reviewed.
 */
#ifndef TEST_CASES_H
#define TEST_CASES_H
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/err.h"
#include "io/file.h"

/* The files of the folder that fit the pattern, sorted; none if it cannot be
 * read.  May be called outside a test. */
static inline file_names cases_find(struct arena *a, const char *folder,
                                    const char *pattern)
{
    struct err_list errors;
    file_names names = { 0 };

    err_init(&errors, a);
    if (file_glob(a, folder, pattern, NULL, &names, &errors) != SIM_OK)
        names.len = 0;
    return names;
}

static inline const char *cases_text(struct arena *a, const char *path)
{
    struct err_list errors;
    struct file_data d;

    err_init(&errors, a);
    ck_assert_int_eq(file_read(a, path, 0, NULL, &d, &errors), SIM_OK);
    return d.bytes;
}

/* What is expected of the case in this file; got, if that is recorded now. */
static inline const char *cases_expected(struct arena *a, const char *path,
                                         const char *got)
{
    const char *dot = strrchr(path, '.');
    const char *expected = arena_printf(a, "%.*s.expected",
                                        (int)(dot - path), path);

    if (getenv("RECORD")) {
        FILE *f = fopen(expected, "wb");

        ck_assert_ptr_nonnull(f);
        fputs(got, f);
        fclose(f);
    }
    return cases_text(a, expected);
}

#endif

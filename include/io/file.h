/*
 * file.h - files and folders: read whole, find by pattern, replace whole.
 *
 * What goes wrong is added to the caller's err_list in words that a user can
 * act on; `at` says where the name was written (NULL: on the command line).
 */
#ifndef IO_FILE_H
#define IO_FILE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include "base/arena.h"
#include "base/err.h"
#include "base/vec.h"

struct file_data {
    const char *bytes;          /* NUL-terminated, NUL not counted */
    size_t len;
    bool more;                  /* there was more than the limit */
};

/* Read path, or standard input if it is "-", into a.  Stops after limit
 * bytes (0: no limit) and sets out->more if that was not all.  Returns
 * SIM_SYSTEM if it cannot be read; a name that does not exist is compared
 * with those that do. */
enum sim_code file_read(struct arena *a, const char *path, size_t limit,
                        const struct mark *at, struct file_data *out,
                        struct err_list *errors);

/* Say that path cannot be read and why (an errno); of a file that is not
 * there, which name in its folder is near.  Returns SIM_SYSTEM. */
enum sim_code file_unreadable(struct arena *a, const char *path, int why,
                              const struct mark *at, struct err_list *errors);

/* path as seen from the folder of the file base: absolute paths and "-" stay
 * as they are; base "-" means the current folder. */
const char *file_beside(struct arena *a, const char *base, const char *path);

typedef VEC(const char *) file_names;

/* Append to *names the files that pattern (shell's `*`, `?`, `[...]`) selects,
 * relative to the folder of the file base, in byte order.  A folder stands
 * for its *.yaml, *.yml and *.json files.  A pattern without wildcards that
 * names nothing, or one that selects nothing, is SIM_SYSTEM. */
enum sim_code file_glob(struct arena *a, const char *base,
                        const char *pattern, const struct mark *at,
                        file_names *names, struct err_list *errors);

/* Make folder path and those above it as needed. */
enum sim_code file_make_folder(struct arena *a, const char *path,
                               struct err_list *errors);

/* A file being written.  Its old content stays until file_commit, which puts
 * the new one in its place in one step: an interrupted run leaves the old
 * file or the new one, never half of one.  What is not a regular file (a
 * terminal, a pipe, /dev/null) is written directly. */
struct file_out {
    FILE *stream;               /* to write to; NULL once closed */
    const char *path;           /* as the user named it */
    const char *target;         /* links followed */
    const char *temporary;      /* beside target; NULL if written directly */
};

/* Open path for writing.  Returns SIM_SYSTEM if that cannot be. */
enum sim_code file_create(struct arena *a, const char *path,
                          struct file_out *out, struct err_list *errors);

/* Close out and put it in place.  Returns SIM_SYSTEM, and leaves the old file
 * as it was, if anything was not written. */
enum sim_code file_commit(struct file_out *out, struct err_list *errors);

/* Close out and forget what was written. */
void file_abandon(struct file_out *out);

#endif

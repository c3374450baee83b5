/*
 * file.c - files and folders: read whole, find by pattern, replace whole.
 *
 * A file is replaced by writing a temporary one in the same folder and
 * renaming it, which POSIX does in one step.  There is no fsync: the promise
 * is against an interrupted run, not against a loss of power.
 */
#define _XOPEN_SOURCE 700       /* realpath */
#include "io/file.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/bug.h"
#include "base/text.h"

#define NAMES_MAX 1000          /* names compared with a misspelt one */
#define TEMPORARY_MAX 100       /* names tried for a temporary file */

/* Bytes of path up to and with its last slash; 0 if it has none. */
static size_t folder_length(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? (size_t)(slash - path) + 1 : 0;
}

const char *file_beside(struct arena *a, const char *base, const char *path)
{
    size_t n = folder_length(base);

    if (path[0] == '/' || strcmp(path, "-") == 0 || n == 0)
        return arena_strdup(a, path);
    return arena_printf(a, "%.*s%s", (int)n, base, path);
}

/* The names in folder, at most NAMES_MAX, with a NULL behind the last;
 * NULL if it cannot be read. */
static const char *const *folder_names(struct arena *a, const char *folder)
{
    file_names names = { 0 };
    DIR *dir = opendir(folder);

    if (!dir)
        return NULL;
    for (struct dirent *e; names.len < NAMES_MAX && (e = readdir(dir));) {
        if (e->d_name[0] != '.')
            vec_push(a, &names, arena_strdup(a, e->d_name));
    }
    closedir(dir);
    vec_push(a, &names, NULL);
    return names.items;
}

enum sim_code file_unreadable(struct arena *a, const char *path, int why,
                              const struct mark *at, struct err_list *errors)
{
    size_t n = folder_length(path);
    const char *folder = n ? arena_strndup(a, path, n) : ".";
    const char *const *names;

    if (why != ENOENT) {
        err_error(errors, at, "cannot read \"%s\": %s", path, strerror(why));
        return SIM_SYSTEM;
    }
    names = folder_names(a, folder);
    if (!names) {
        err_error(errors, at, "cannot read \"%s\": there is no folder \"%s\"",
                  path, folder);
        return SIM_SYSTEM;
    }
    struct diag *d = err_error(errors, at,
                               "cannot read \"%s\": no such file", path);
    diag_suggest(errors, d, path + n, names);
    return SIM_SYSTEM;
}

/* Read f to its end or to limit (0: none).  Returns errno, 0 if well. */
static int read_stream(FILE *f, size_t limit, struct buf *b, bool *more)
{
    char room[1 << 16];
    size_t n;

    while ((n = fread(room, 1, sizeof room, f)) > 0) {
        if (limit && n > limit - b->len) {
            buf_put(b, room, limit - b->len);
            *more = true;
            return 0;
        }
        buf_put(b, room, n);
    }
    return ferror(f) ? errno : 0;
}

enum sim_code file_read(struct arena *a, const char *path, size_t limit,
                        const struct mark *at, struct file_data *out,
                        struct err_list *errors)
{
    bool standard = strcmp(path, "-") == 0;
    FILE *f = standard ? stdin : fopen(path, "rb");
    struct buf b = { 0 };

    *out = (struct file_data){ .bytes = "" };
    if (!f)
        return file_unreadable(a, path, errno, at, errors);
    int why = read_stream(f, limit, &b, &out->more);
    if (!standard)
        fclose(f);
    if (why == 0) {
        out->len = b.len;
        out->bytes = b.len ? arena_strndup(a, b.text, b.len) : "";
    }
    buf_free(&b);
    return why ? file_unreadable(a, path, why, at, errors) : SIM_OK;
}

/* folder (bytes of it) as a pattern that matches only itself. */
static void put_literal(struct buf *b, const char *folder, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (strchr("*?[\\", folder[i]))
            buf_putc(b, '\\');
        buf_putc(b, folder[i]);
    }
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* True if path is there and is a folder. */
static bool is_folder(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* True for the names that kubectl apply -f FOLDER takes. */
static bool is_manifest(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0 ||
                   strcmp(dot, ".json") == 0);
}

/* Append the manifests of folder. */
static void add_folder(struct arena *a, const char *folder, file_names *names)
{
    size_t len = strlen(folder);
    const char *between = len && folder[len - 1] == '/' ? "" : "/";
    DIR *dir = opendir(folder);

    for (struct dirent *e; dir && (e = readdir(dir));) {
        if (e->d_name[0] != '.' && is_manifest(e->d_name))
            vec_push(a, names,
                     arena_printf(a, "%s%s%s", folder, between, e->d_name));
    }
    if (dir)
        closedir(dir);
}

/* Say that pattern, which is path, selected nothing, and why. */
static enum sim_code none_found(struct arena *a, const char *path,
                                const char *pattern, const struct mark *at,
                                struct err_list *errors)
{
    if (is_folder(path)) {
        err_error(errors, at, "folder \"%s\" holds no *.yaml, *.yml or "
                  "*.json file", pattern);
        return SIM_SYSTEM;
    }
    if (!strpbrk(pattern, "*?["))
        return file_unreadable(a, path, ENOENT, at, errors);
    err_error(errors, at, "no file matches \"%s\"", pattern);
    return SIM_SYSTEM;
}

enum sim_code file_glob(struct arena *a, const char *base,
                        const char *pattern, const struct mark *at,
                        file_names *names, struct err_list *errors)
{
    size_t before = names->len;
    struct buf b = { 0 };
    glob_t found;

    if (pattern[0] != '/')
        put_literal(&b, base, folder_length(base));
    buf_puts(&b, pattern);
    int code = glob(b.text, GLOB_NOSORT, NULL, &found);
    buf_free(&b);
    for (size_t i = 0; code == 0 && i < found.gl_pathc; i++) {
        if (is_folder(found.gl_pathv[i]))
            add_folder(a, found.gl_pathv[i], names);
        else
            vec_push(a, names, arena_strdup(a, found.gl_pathv[i]));
    }
    if (code == 0)
        globfree(&found);
    if (names->len == before)
        return none_found(a, file_beside(a, base, pattern), pattern, at,
                          errors);
    qsort(names->items + before, names->len - before, sizeof *names->items,
          by_bytes);
    return SIM_OK;
}

enum sim_code file_make_folder(struct arena *a, const char *path,
                               struct err_list *errors)
{
    char *p = arena_strdup(a, path);

    for (char *slash = p; slash; ) {
        slash = strchr(slash + 1, '/');
        if (slash)
            *slash = '\0';
        if (mkdir(p, 0777) != 0 && !is_folder(p)) {
            err_error(errors, NULL, "cannot make folder \"%s\": %s", p,
                      strerror(errno));
            return SIM_SYSTEM;
        }
        if (slash)
            *slash = '/';
    }
    return SIM_OK;
}

/* Say that path cannot be written; errno says why. */
static enum sim_code cannot_write(const char *path, struct err_list *errors)
{
    err_error(errors, NULL, "cannot write \"%s\": %s", path,
              strerror(errno));
    return SIM_SYSTEM;
}

/* Open a new file beside out->target.  Returns its descriptor or -1. */
static int open_temporary(struct arena *a, struct file_out *out)
{
    size_t n = folder_length(out->target);
    int fd = -1;

    for (int i = 0; i < TEMPORARY_MAX && fd < 0; i++) {
        out->temporary = arena_printf(a, "%.*s.%s.%ld-%d", (int)n, out->target,
                                      out->target + n, (long)getpid(), i);
        fd = open(out->temporary, O_WRONLY | O_CREAT | O_EXCL, 0666);
        if (fd < 0 && errno != EEXIST)
            break;
    }
    return fd;
}

enum sim_code file_create(struct arena *a, const char *path,
                          struct file_out *out, struct err_list *errors)
{
    struct stat st;
    char *real = realpath(path, NULL);
    bool direct = stat(path, &st) == 0 && !S_ISREG(st.st_mode);
    int fd;

    *out = (struct file_out){ .path = arena_strdup(a, path) };
    out->target = arena_strdup(a, real ? real : path);
    free(real);
    if (direct)
        fd = open(path, O_WRONLY);
    else
        fd = open_temporary(a, out);
    out->stream = fd < 0 ? NULL : fdopen(fd, "wb");
    if (out->stream)
        return SIM_OK;
    if (fd >= 0) {
        close(fd);
        if (out->temporary)
            unlink(out->temporary);
    }
    return cannot_write(path, errors);
}

enum sim_code file_commit(struct file_out *out, struct err_list *errors)
{
    FILE *f = out->stream;

    CHECK(f);
    out->stream = NULL;
    /* fflush first: its errno tells why; fclose's alone may not. */
    bool good = fflush(f) == 0 && !ferror(f);
    int why = good ? 0 : errno ? errno : EIO;
    if (fclose(f) != 0 && good) {
        good = false;
        why = errno;
    }
    if (good && out->temporary &&
        rename(out->temporary, out->target) != 0) {
        good = false;
        why = errno;
    }
    if (good)
        return SIM_OK;
    if (out->temporary)
        unlink(out->temporary);
    errno = why;
    return cannot_write(out->path, errors);
}

void file_abandon(struct file_out *out)
{
    if (!out->stream)
        return;
    fclose(out->stream);
    out->stream = NULL;
    if (out->temporary)
        unlink(out->temporary);
}

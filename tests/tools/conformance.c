/*
 * conformance.c - run every conformance table of a folder.
 *
 *     conformance DIR
 *
 * prints a line per table (`name passed failed`, `name not yet`, `name input
 * of other`), one line per failed row on stderr, and `N passed, N failed`.
 * Exit 0 if no row failed and no table was unknown; 2 if DIR cannot be read.
 */
#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/bug.h"
#include "base/vec.h"
#include "../conformance/conformance.h"

struct table {
    const char *name;
    VEC(struct conf_row) rows;
    bool readable;
};

struct conf_run {
    struct arena *arena;
    VEC(struct table) tables;
    const struct table *now;    /* the table being checked */
    int passed, failed;         /* its rows */
};

static const struct conf_table *const known[] = {
#define CONF_TABLE(id) &conf_##id,
#include "../conformance/tables.list"
#undef CONF_TABLE
    NULL
};

static const char *const later[] = {
#define LATER(name) name,
#include "../conformance/later.list"
#undef LATER
    NULL
};

/* ---- what checkers call -------------------------------------------------- */

const char *conf_get(const struct conf_row *row, const char *column)
{
    for (size_t i = 0; i < row->n; i++)
        if (strcmp(row->columns[i], column) == 0)
            return row->cells[i];
    return "";
}

int64_t conf_int(const struct conf_row *row, const char *column,
                 int64_t fallback)
{
    const char *cell = conf_get(row, column);
    char *end;
    long long n = strtoll(cell, &end, 10);

    return *cell != '\0' && *end == '\0' ? (int64_t)n : fallback;
}

double conf_real(const struct conf_row *row, const char *column,
                 double fallback)
{
    const char *cell = conf_get(row, column);
    char *end;
    double x = strtod(cell, &end);

    return end != cell && *end == '\0' ? x : fallback;
}

bool conf_why(char *why, size_t room, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(why, room, format, args);
    va_end(args);
    return false;
}

const struct conf_row *conf_rows(const struct conf_run *run, const char *name,
                                 size_t *n)
{
    *n = 0;
    for (size_t i = 0; i < run->tables.len; i++) {
        if (strcmp(run->tables.items[i].name, name) == 0) {
            *n = run->tables.items[i].rows.len;
            return run->tables.items[i].rows.items;
        }
    }
    return NULL;
}

static const struct conf_row *find_scenario(const struct conf_run *run,
                                            const char *table,
                                            const char *name)
{
    size_t n;
    const struct conf_row *rows = conf_rows(run, table, &n);

    for (size_t i = 0; i < n; i++)
        if (strcmp(conf_get(&rows[i], "scenario"), name) == 0)
            return &rows[i];
    return NULL;
}

void conf_scenarios(struct conf_run *run, const struct conf_row *rows,
                    size_t n, const char *table,
                    void (*check)(struct conf_run *run,
                                  const struct conf_row *scenario,
                                  const struct conf_row *rows, size_t n))
{
    for (size_t i = 0, j; i < n; i = j) {
        const char *name = conf_get(&rows[i], "scenario");
        const struct conf_row *scenario = find_scenario(run, table, name);

        for (j = i; j < n && strcmp(conf_get(&rows[j], "scenario"),
                                    name) == 0; j++)
            if (!scenario)
                conf_failed(run, &rows[j], "no scenario %s", name);
        if (scenario)
            check(run, scenario, &rows[i], j - i);
    }
}

void conf_passed(struct conf_run *run)
{
    run->passed++;
}

void conf_failed(struct conf_run *run, const struct conf_row *row,
                 const char *format, ...)
{
    va_list args;

    run->failed++;
    fprintf(stderr, "%s:%d: ", run->now->name, row ? row->line : 0);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

/* ---- reading ---------------------------------------------------------------- */

/* The whole file, NUL-terminated; NULL if it cannot be read. */
static char *slurp(struct arena *a, const char *path)
{
    FILE *f = fopen(path, "rb");
    char *text = NULL;
    long size;

    if (f == NULL)
        return NULL;
    if (fseek(f, 0, SEEK_END) == 0 && (size = ftell(f)) >= 0) {
        rewind(f);
        text = arena_alloc(a, (size_t)size + 1);
        if (fread(text, 1, (size_t)size, f) != (size_t)size)
            text = NULL;
    }
    fclose(f);
    return text;
}

/* Cut one cell off *p, in place; *end is the character that ended it. */
static char *cut_cell(char **p, char *end, int *line)
{
    char *cell = *p, *in = *p, *out = *p;
    bool quoted = *in == '"';

    if (quoted)
        in++;
    for (; *in != '\0'; in++) {
        if (quoted && *in == '"') {
            if (in[1] != '"') {
                quoted = false;
                continue;
            }
            in++;
        } else if (!quoted && (*in == ',' || *in == '\n' || *in == '\r')) {
            break;
        }
        *line += *in == '\n';
        *out++ = *in;
    }
    if (*in == '\r' && in[1] == '\n')
        in++;
    *end = *in;
    *p = *in == '\0' ? in : in + 1;
    *out = '\0';
    return cell;
}

/* Cut one record off *p: its cells, in order. */
static size_t cut_record(struct arena *a, char **p, int *line,
                         const char *const **cells)
{
    VEC(const char *) list = {0};
    char end = ',';

    while (end == ',') {
        const char *cell = cut_cell(p, &end, line);

        vec_push(a, &list, cell);
    }
    *line += end == '\n';
    *cells = list.items;
    return list.len;
}

/* Read text into t: comments, header, rows of at least as many cells. */
static bool read_rows(struct arena *a, struct table *t, char *text)
{
    struct conf_row row = {.line = 1};
    int line = 1;

    for (; *text == '#'; line++) {
        text = strchr(text, '\n');
        if (text == NULL)
            return false;
        text++;
    }
    row.n = cut_record(a, &text, &line, &row.columns);
    while (*text != '\0') {
        row.line = line;
        row.ncells = cut_record(a, &text, &line, &row.cells);
        if (row.ncells < row.n)
            return false;
        vec_push(a, &t->rows, row);
    }
    return true;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct table *)a)->name,
                  ((const struct table *)b)->name);
}

/* Read every *.csv of dir, in order of name.  False if there is no dir. */
static bool read_folder(struct conf_run *run, const char *dir)
{
    DIR *d = opendir(dir);
    struct dirent *e;

    if (d == NULL)
        return false;
    while ((e = readdir(d)) != NULL) {
        size_t len = strlen(e->d_name);
        struct table t = {0};
        char *text;

        if (len < 5 || strcmp(e->d_name + len - 4, ".csv") != 0)
            continue;
        t.name = arena_strndup(run->arena, e->d_name, len - 4);
        text = slurp(run->arena, arena_printf(run->arena, "%s/%s", dir,
                                              e->d_name));
        t.readable = text != NULL && read_rows(run->arena, &t, text);
        vec_push(run->arena, &run->tables, t);
    }
    closedir(d);
    if (run->tables.len > 0)
        qsort(run->tables.items, run->tables.len, sizeof(struct table),
              by_name);
    return true;
}

/* ---- checking ---------------------------------------------------------------- */

static const struct conf_table *find_known(const char *name)
{
    for (size_t i = 0; known[i] != NULL; i++)
        if (strcmp(known[i]->name, name) == 0)
            return known[i];
    return NULL;
}

static bool is_later(const char *name)
{
    for (size_t i = 0; later[i] != NULL; i++)
        if (strcmp(later[i], name) == 0)
            return true;
    return false;
}

/* Check the rows of run->now one by one. */
static void check_rows(struct conf_run *run, const struct conf_table *c)
{
    for (size_t i = 0; i < run->now->rows.len; i++) {
        const struct conf_row *row = &run->now->rows.items[i];
        char why[1024] = "";

        if (c->check(row, why, sizeof why))
            conf_passed(run);
        else
            conf_failed(run, row, "%s", why);
    }
}

/* Check one table and print its line. */
static void check_table(struct conf_run *run, const struct table *t)
{
    const struct conf_table *c = find_known(t->name);

    run->now = t;
    run->passed = run->failed = 0;
    if (!t->readable)
        conf_failed(run, NULL, "not a table: a row has fewer cells than the header");
    else if (c != NULL && is_later(t->name))
        conf_failed(run, NULL, "is in tables.list and in later.list");
    else if (c == NULL && !is_later(t->name))
        conf_failed(run, NULL, "nobody knows this table");
    else if (c != NULL && c->check != NULL)
        check_rows(run, c);
    else if (c != NULL && c->check_all != NULL)
        c->check_all(run, t->rows.items, t->rows.len);

    if (c == NULL && run->failed == 0)
        printf("%s not yet\n", t->name);
    else if (c != NULL && c->input_of != NULL)
        printf("%s input of %s\n", t->name, c->input_of);
    else
        printf("%s %d %d\n", t->name, run->passed, run->failed);
}

int main(int argc, char **argv)
{
    struct conf_run run = {.arena = arena_new()};
    int passed = 0, failed = 0;

    if (argc != 2 || !read_folder(&run, argv[1])) {
        fprintf(stderr, "usage: conformance DIR (a folder of tables)\n");
        arena_free(run.arena);
        return 2;
    }
    for (size_t i = 0; i < run.tables.len; i++) {
        check_table(&run, &run.tables.items[i]);
        passed += run.passed;
        failed += run.failed;
    }
    printf("%d passed, %d failed\n", passed, failed);
    arena_free(run.arena);
    return failed == 0 ? 0 : 1;
}

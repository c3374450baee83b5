/*
 * csv.c - tables as text: RFC 4180 with LF, written as they come, read whole.
 *
 * A field is quoted if it holds a comma, a quote or a line break, or if it is
 * the only field of its row and empty (the row would look like no row).
 *
 * Not modelled: other separators than the comma; types (a field is a text,
 * what it means is decided by who reads it).
 * Source: RFC 4180, section 2.
 */
#include "io/csv.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include "base/bug.h"
#include "base/map.h"
#include "base/text.h"
#include "base/units.h"
#include "io/source.h"

/* ---- writing -------------------------------------------------------------- */

void csv_start(struct csv_out *c, FILE *stream, const char *const *columns,
               size_t n)
{
    *c = (struct csv_out){ .stream = stream, .columns = n };
    for (size_t i = 0; i < n; i++)
        csv_text(c, columns[i]);
    csv_row(c);
}

enum sim_code csv_create(struct csv_out *c, struct arena *a, const char *path,
                         const char *const *columns, size_t n,
                         struct err_list *errors)
{
    struct file_out file;
    enum sim_code code = file_create(a, path, &file, errors);

    if (code != SIM_OK)
        return code;
    csv_start(c, file.stream, columns, n);
    c->file = file;
    return SIM_OK;
}

/* Every field passes here first. */
static void begin_field(struct csv_out *c)
{
    CHECK(c->field < c->columns);
    if (c->field++ > 0)
        putc(',', c->stream);
}

static void put_quoted(FILE *out, const char *text)
{
    putc('"', out);
    for (const char *p = text; *p; p++) {
        if (*p == '"')
            putc('"', out);
        putc(*p, out);
    }
    putc('"', out);
}

void csv_text(struct csv_out *c, const char *text)
{
    const char *s = text ? text : "";

    begin_field(c);
    if (strpbrk(s, ",\"\n\r") || (*s == '\0' && c->columns == 1))
        put_quoted(c->stream, s);
    else
        fputs(s, c->stream);
}

void csv_int(struct csv_out *c, int64_t x)
{
    begin_field(c);
    fprintf(c->stream, "%" PRId64, x);
}

void csv_real(struct csv_out *c, double x)
{
    char room[32];

    csv_text(c, isfinite(x) ? format_real(room, x) : NULL);
}

void csv_seconds(struct csv_out *c, int64_t ns)
{
    char room[40];
    uint64_t size = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;
    uint64_t unit = (uint64_t)NS_PER_S;
    int n = snprintf(room, sizeof room, "%s%" PRIu64 ".%09" PRIu64,
                     ns < 0 ? "-" : "", size / unit, size % unit);

    while (room[n - 1] == '0')
        n--;
    if (room[n - 1] == '.')
        n--;
    room[n] = '\0';
    csv_text(c, room);
}

void csv_empty(struct csv_out *c)
{
    csv_text(c, NULL);
}

void csv_row(struct csv_out *c)
{
    CHECK(c->field == c->columns);
    putc('\n', c->stream);
    c->field = 0;
}

enum sim_code csv_close(struct csv_out *c, struct err_list *errors)
{
    CHECK(c->field == 0);
    c->stream = NULL;
    return file_commit(&c->file, errors);
}

void csv_abandon(struct csv_out *c)
{
    file_abandon(&c->file);
    c->stream = NULL;
}

/* ---- reading -------------------------------------------------------------- */

struct reader {
    struct arena *arena;
    struct csv_table *table;
    struct err_list *errors;
    const char *p, *end;
    int line, column;           /* of p */
    struct buf text;            /* of the field being read */
};

/* Move over one character. */
static char take(struct reader *r)
{
    char c = *r->p++;

    if (c == '\n') {
        r->line++;
        r->column = 1;
    } else if (((unsigned char)c & 0xC0) != 0x80) {
        r->column++;            /* not in the middle of a character */
    }
    return c;
}

/* True if an unquoted field ends at p. */
static bool at_field_end(const struct reader *r)
{
    return r->p == r->end || *r->p == ',' || *r->p == '\n';
}

/* Read a quoted field, whose first quote is next.  False after a fault. */
static bool read_quoted(struct reader *r)
{
    struct mark m = { r->table->source, r->line, r->column, 1 };

    take(r);
    for (;;) {
        if (r->p == r->end) {
            err_error(r->errors, &m, "this quote is never closed");
            return false;
        }
        char c = take(r);
        if (c == '"') {
            if (r->p == r->end || *r->p != '"')
                break;
            take(r);
        }
        buf_putc(&r->text, c);
    }
    if (at_field_end(r))
        return true;
    m = (struct mark){ r->table->source, r->line, r->column, 1 };
    struct diag *d = err_error(r->errors, &m, "expected a comma or the end of "
                               "the line after the quote");
    diag_help(r->errors, d, "a quote inside a quoted field is written twice");
    return false;
}

/* Read a field and append it to the table.  False after a fault. */
static bool read_field(struct reader *r)
{
    struct csv_field f = { .line = r->line, .column = r->column };

    r->text.len = 0;
    if (r->p < r->end && *r->p == '"') {
        if (!read_quoted(r))
            return false;
    } else {
        while (!at_field_end(r))
            buf_putc(&r->text, take(r));
    }
    f.text = r->text.len ? arena_strndup(r->arena, r->text.text, r->text.len)
                         : "";
    vec_push(r->arena, &r->table->fields, f);
    return true;
}

/* Say that a row, which began at field `from`, is not like the first. */
static void bad_row(struct reader *r, size_t from)
{
    const struct csv_table *t = r->table;
    const struct csv_field *f = &t->fields.items[from];
    struct mark m = { t->source, f->line, f->column, 1 };
    size_t n = t->fields.len - from;
    struct diag *d = err_error(r->errors, &m, "this row has %zu field%s, the "
                               "first has %zu", n, n == 1 ? "" : "s",
                               t->columns);

    m.line = t->fields.items[0].line;
    m.column = t->fields.items[0].column;
    diag_note(r->errors, d, &m, "the first row is here");
    if (t->columns == 1 && strchr(t->fields.items[0].text, ';'))
        diag_help(r->errors, d, "fields are set apart by commas, not by "
                  "semicolons");
}

/* Read a row.  False after a fault that leaves no sense in the rest. */
static bool read_row(struct reader *r)
{
    struct csv_table *t = r->table;
    size_t from = t->fields.len;

    while (read_field(r)) {
        if (r->p < r->end && *r->p == ',') {
            take(r);
            continue;
        }
        if (r->p < r->end)
            take(r);            /* the LF */
        if (from == 0)
            t->columns = t->fields.len;
        if (t->fields.len - from == t->columns)
            return true;
        bad_row(r, from);
        t->fields.len = from;
        return true;
    }
    t->fields.len = from;
    return false;
}

static void skip_line(struct reader *r)
{
    while (r->p < r->end && take(r) != '\n')
        ;
}

static void read_rows(struct reader *r)
{
    while (r->p < r->end) {
        if (*r->p == '\n' || *r->p == '#')
            skip_line(r);
        else if (!read_row(r))
            return;
    }
}

/* Take the first row as the names of the columns. */
static void take_header(struct reader *r)
{
    struct csv_table *t = r->table;
    const char **names = arena_many(r->arena, const char *, t->columns);
    struct map seen;

    map_init(&seen, r->arena);
    for (size_t i = 0; i < t->columns; i++) {
        const struct csv_field *f = &t->fields.items[i];
        struct mark m = { t->source, f->line, f->column, 1 };
        names[i] = f->text;
        if (map_get(&seen, f->text))
            err_error(r->errors, &m, "column \"%s\" is given twice", f->text);
        map_put(&seen, f->text, &t->fields.items[i]);
    }
    t->names = names;
    t->fields.items += t->columns;
    t->fields.len -= t->columns;
    t->fields.cap -= t->columns;
}

enum sim_code csv_read(struct arena *a, const char *name, const char *text,
                       size_t len, bool header, struct csv_table *out,
                       struct err_list *errors)
{
    int before = errors->errors;
    struct reader r = { .arena = a, .table = out, .errors = errors, .line = 1,
                        .column = 1 };

    *out = (struct csv_table){ 0 };
    enum sim_code code = source_decode(a, name, text, len, &out->source,
                                       errors);
    if (code != SIM_OK)
        return code;
    r.p = out->source->text;
    r.end = r.p + out->source->len;
    read_rows(&r);
    buf_free(&r.text);
    if (out->columns == 0 && errors->errors == before)
        err_error(errors, NULL, "\"%s\" holds no table", name);
    if (header && out->columns)
        take_header(&r);
    out->len = out->columns ? out->fields.len / out->columns : 0;
    return errors->errors > before ? SIM_INVALID : SIM_OK;
}

enum sim_code csv_read_file(struct arena *a, const char *path, bool header,
                            const struct mark *at, struct csv_table *out,
                            struct err_list *errors)
{
    struct file_data data;
    enum sim_code code = file_read(a, path, 0, at, &data, errors);

    *out = (struct csv_table){ 0 };
    if (code != SIM_OK)
        return code;
    return csv_read(a, path, data.bytes, data.len, header, out, errors);
}

int csv_column(const struct csv_table *t, const char *name)
{
    for (size_t i = 0; t->names && i < t->columns; i++) {
        if (strcmp(t->names[i], name) == 0)
            return (int)i;
    }
    return -1;
}

static const struct csv_field *field_at(const struct csv_table *t, size_t row,
                                        size_t column)
{
    CHECK(row < t->len && column < t->columns);
    return &t->fields.items[row * t->columns + column];
}

const char *csv_get(const struct csv_table *t, size_t row, size_t column)
{
    return field_at(t, row, column)->text;
}

struct mark csv_mark(const struct csv_table *t, size_t row, size_t column)
{
    const struct csv_field *f = field_at(t, row, column);
    struct mark m = { t->source, f->line, f->column, 1 };

    for (const char *p = f->text; *p; p++) {
        if (p > f->text && ((unsigned char)*p & 0xC0) != 0x80)
            m.width++;
    }
    return m;
}

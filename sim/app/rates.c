/*
 * rates.c - the rate of a traffic source, and numbers that come from files.
 */
#include "scenario_impl.h"
#include <string.h>
#include "base/units.h"
#include "io/csv.h"
#include "io/file.h"
#include "io/key.h"

/* A file named in the Scenario, as a table; false after an error. */
static bool read_table(struct loader *l, const struct value *name,
                       bool header, struct csv_table *t)
{
    const char *file = value_text(name, NULL);
    char key[KEY_ROOM];

    if (!file) {
        err_error(l->errors, &name->mark, "the name of a file was expected");
        return false;
    }
    l->nfiles++;
    if (csv_read_file(l->arena, file_beside(l->arena, l->file, file), header,
                      &name->mark, t, l->errors) != SIM_OK)
        return false;
    key_of(key, t->source->text, t->source->len);
    vec_push(l->arena, &l->data, arena_strdup(l->arena, key));
    return true;
}

/* The number in a field of a table; false after an error. */
static bool number_at(struct loader *l, const struct csv_table *t, size_t row,
                      size_t column, double *out)
{
    const char *text = csv_get(t, row, column);
    struct mark m = csv_mark(t, row, column);

    if (parse_real(text, out, NULL))
        return true;
    err_error(l->errors, &m, "a number was expected, got \"%s\"", text);
    return false;
}

/* Is the first row of a sample a header? */
static bool has_header(const struct csv_table *t)
{
    double x;

    return t->len > 0 && !parse_real(csv_get(t, 0, 0), &x, NULL);
}

bool sample_load(struct binder *b, const struct value *name, const double **x,
                 size_t *n)
{
    struct loader *l = b->ctx;
    struct csv_table t;
    double *sample;
    size_t from;

    if (!read_table(l, name, false, &t))
        return false;
    from = has_header(&t);
    sample = arena_many(l->arena, double, t.len);
    *n = t.len - from;
    *x = sample;
    for (size_t i = 0; i < *n; i++)
        if (!number_at(l, &t, i + from, 0, &sample[i]))
            return false;
    if (*n == 0)
        err_error(l->errors, &name->mark, "the file \"%s\" has no numbers",
                  value_text(name, ""));
    return *n > 0;
}

/* ---- series -------------------------------------------------------------- */

struct series_block {
    const struct value *series;
    const char *column;
    double scale;
};

static const struct field series_fields[] = {
    FIELD(VALUE, struct series_block, series, "series", NULL, 0, 0, "-",
          "a CSV file: seconds in the first column, a rate in another"),
    FIELD(STRING, struct series_block, column, "column", NULL, 0, 0, "-",
          "name of the column with the rate; the second if absent"),
    FIELD(REAL, struct series_block, scale, "scale", "1", 0, 1e9, "-",
          "every rate is multiplied by it"),
    FIELD_END
};

/* The column of the rate; -1 after an error with suggestions. */
static int rate_column(struct loader *l, const struct csv_table *t,
                       const struct series_block *s, const struct value *v)
{
    int at = s->column ? csv_column(t, s->column) : t->columns > 1 ? 1 : -1;
    const char **names;
    struct diag *d;

    if (at >= 0)
        return at;
    if (!s->column) {
        err_error(l->errors, &s->series->mark, "a series needs two columns: "
                  "seconds and a rate");
        return -1;
    }
    names = arena_many(l->arena, const char *, t->columns + 1);
    memcpy(names, t->names, t->columns * sizeof(*names));
    d = err_error(l->errors, &value_get(v, "column")->mark,
                  "no column \"%s\" in \"%s\"", s->column, t->source->name);
    diag_suggest(l->errors, d, s->column, names);
    return -1;
}

static bool series_point(struct loader *l, const struct csv_table *t,
                         size_t row, int column, double scale,
                         struct rate_point *out)
{
    struct mark m = csv_mark(t, row, (size_t)column);
    double at, rate;

    if (!number_at(l, t, row, 0, &at) ||
        !number_at(l, t, row, (size_t)column, &rate))
        return false;
    if (rate < 0 || at < 0 || at > 1e9 || rate > 1e9) {
        err_error(l->errors, &m, "times and rates lie between 0 and 1e9");
        return false;
    }
    out->at = (sim_time)(at * 1e9 + 0.5);
    out->per_s = rate * scale;
    return true;
}

static bool series_parse(struct loader *l, struct binder *b,
                         const struct value *v, struct rate_spec *r)
{
    struct series_block s = {0};
    struct csv_table t;
    struct rate_point *points;
    int column;

    if (!field_bind(b, v, series_fields, &s) ||
        !read_table(l, s.series, true, &t))
        return false;
    column = rate_column(l, &t, &s, v);
    if (column < 0)
        return false;
    points = arena_many(l->arena, struct rate_point, t.len);
    for (size_t i = 0; i < t.len; i++) {
        if (!series_point(l, &t, i, column, s.scale, &points[i]))
            return false;
        if (i && points[i].at <= points[i - 1].at) {
            struct mark m = csv_mark(&t, i, 0);

            err_error(l->errors, &m, "times must increase");
            return false;
        }
    }
    r->form = RATE_SERIES;
    r->points = points;
    r->npoints = t.len;
    return true;
}

/* ---- sine and steps ------------------------------------------------------ */

static const struct field sine_fields[] = {
    FIELD(RATE, struct rate_spec, per_s, "mean", "10/s", 0, 1e9, "1/s",
          "mean rate"),
    FIELD(RATE, struct rate_spec, amplitude, "amplitude", "0/s", 0, 1e9,
          "1/s", "how far it swings to either side"),
    FIELD(DURATION, struct rate_spec, period, "period", "24h", 0.001, 1e9,
          "s", "of one swing"),
    FIELD(DURATION, struct rate_spec, phase, "phase", "0s", 0, 1e9, "s",
          "when it passes the mean upwards"),
    FIELD_END
};

static bool sine_parse(struct binder *b, const struct value *v,
                       struct rate_spec *r)
{
    if (!field_bind(b, v, sine_fields, r))
        return false;
    r->form = RATE_SINE;
    if (r->amplitude <= r->per_s)
        return true;
    err_error(b->errors, &v->mark, "the amplitude is above the mean: the rate "
              "would be negative");
    return false;
}

static const struct field step_fields[] = {
    FIELD(DURATION, struct rate_point, at, "at", "0s", 0, 1e9, "s",
          "from when on, since the end of the warm-up"),
    FIELD(RATE, struct rate_point, per_s, "rate", "0/s", 0, 1e9, "1/s",
          "the rate"),
    FIELD_END
};

static bool steps_parse(struct binder *b, const struct value *v,
                        struct rate_spec *r)
{
    struct rate_point *points;

    if (v->type != VALUE_LIST || v->len == 0) {
        field_expected(b, v, "a list of at least one {at, rate}");
        return false;
    }
    points = arena_many(b->arena, struct rate_point, v->len);
    for (size_t i = 0; i < v->len; i++) {
        if (!field_bind(b, v->u.items[i], step_fields, &points[i]))
            return false;
        if (i && points[i].at <= points[i - 1].at) {
            err_error(b->errors, &v->u.items[i]->mark,
                      "steps must be in order of time");
            return false;
        }
    }
    r->form = RATE_STEPS;
    r->points = points;
    r->npoints = v->len;
    return true;
}

bool rate_parse(struct binder *b, const struct value *v, void *out)
{
    struct rate_spec *r = out;
    const char *why;

    if (v->type == VALUE_SCALAR) {
        r->form = RATE_CONSTANT;
        if (parse_rate(v->u.text, &r->per_s, &why) && r->per_s <= 1e9)
            return true;
        field_expected(b, v, "a rate such as 200/s, at most 1e9/s");
        return false;
    }
    if (value_get(v, "series"))
        return series_parse(b->ctx, b, v, r);
    if (v->type == VALUE_MAP && v->len == 1 && value_get(v, "sine"))
        return sine_parse(b, value_get(v, "sine"), r);
    if (v->type == VALUE_MAP && v->len == 1 && value_get(v, "steps"))
        return steps_parse(b, value_get(v, "steps"), r);
    field_expected(b, v, "a rate such as 200/s, {series: FILE}, {sine: {mean, "
                   "amplitude, period}} or {steps: [{at, rate}]}");
    return false;
}

void rate_schema(FILE *out)
{
    fputs("{\"anyOf\": [{\"type\": \"number\", \"minimum\": 0}, {\"type\": "
          "\"string\", \"pattern\": \"^[0-9.]+(/(s|min|h))?$\"}, {\"type\": "
          "\"object\", \"required\": [\"series\"]}, {\"type\": \"object\", "
          "\"required\": [\"sine\"]}, {\"type\": \"object\", \"required\": "
          "[\"steps\"]}]}", out);
}

/*
 * json.c - a streaming writer of JSON (RFC 8259).
 *
 * Whether a comma, a line break or a colon is due follows from one bit per
 * open level, so there is no tree and nothing to free.
 */
#include "io/json.h"
#include <inttypes.h>
#include <math.h>
#include "base/bug.h"
#include "base/text.h"

static uint64_t level(const struct json *j)
{
    return UINT64_C(1) << (j->depth - 1);
}

static bool in_object(const struct json *j)
{
    return j->depth > 0 && (j->objects & level(j));
}

/* Break the line and indent by the depth, if lines are wanted. */
static void new_line(struct json *j)
{
    if (!j->indent)
        return;
    putc('\n', j->out);
    for (int i = 0; i < j->depth * j->indent; i++)
        putc(' ', j->out);
}

/* What stands between the last item of this level and the next. */
static void separate(struct json *j)
{
    if (j->depth == 0)
        return;
    if (j->filled & level(j))
        putc(',', j->out);
    j->filled |= level(j);
    new_line(j);
}

/* Every value passes here first. */
static void begin_value(struct json *j)
{
    if (j->keyed) {
        j->keyed = false;
        return;
    }
    CHECK(!in_object(j));
    CHECK(j->depth > 0 || !j->done);
    separate(j);
    if (j->depth == 0)
        j->done = true;
}

static void put_string(struct json *j, const char *text)
{
    struct buf b = { 0 };

    buf_json(&b, text);
    for (const char *p = b.text; *p; p++) {
        if (*p == '/' && p[-1] == '<')
            putc('\\', j->out);
        putc(*p, j->out);
    }
    buf_free(&b);
}

void json_start(struct json *j, FILE *out, int indent)
{
    *j = (struct json){ .out = out, .indent = indent };
}

void json_finish(struct json *j)
{
    CHECK(j->depth == 0 && j->done && !j->keyed);
    putc('\n', j->out);
    j->done = false;
}

static void open_level(struct json *j, bool object)
{
    begin_value(j);
    putc(object ? '{' : '[', j->out);
    CHECK(j->depth < JSON_DEPTH_MAX);
    j->depth++;
    j->filled &= ~level(j);
    if (object)
        j->objects |= level(j);
    else
        j->objects &= ~level(j);
}

void json_object(struct json *j)
{
    open_level(j, true);
}

void json_list(struct json *j)
{
    open_level(j, false);
}

void json_end(struct json *j)
{
    CHECK(j->depth > 0 && !j->keyed);
    bool object = in_object(j), filled = (j->filled & level(j)) != 0;

    j->depth--;
    if (filled)
        new_line(j);
    putc(object ? '}' : ']', j->out);
}

void json_key(struct json *j, const char *key)
{
    CHECK(in_object(j) && !j->keyed);
    separate(j);
    put_string(j, key);
    fputs(j->indent ? ": " : ":", j->out);
    j->keyed = true;
}

void json_text(struct json *j, const char *text)
{
    if (!text) {
        json_null(j);
        return;
    }
    begin_value(j);
    put_string(j, text);
}

void json_int(struct json *j, int64_t x)
{
    begin_value(j);
    fprintf(j->out, "%" PRId64, x);
}

void json_real(struct json *j, double x)
{
    char room[32];

    begin_value(j);
    fputs(isfinite(x) ? format_real(room, x) : "null", j->out);
}

void json_bool(struct json *j, bool x)
{
    begin_value(j);
    fputs(x ? "true" : "false", j->out);
}

void json_null(struct json *j)
{
    begin_value(j);
    fputs("null", j->out);
}

/* ---- members ------------------------------------------------------------- */

void json_member_text(struct json *j, const char *key, const char *text)
{
    json_key(j, key);
    json_text(j, text);
}

void json_member_int(struct json *j, const char *key, int64_t x)
{
    json_key(j, key);
    json_int(j, x);
}

void json_member_real(struct json *j, const char *key, double x)
{
    json_key(j, key);
    json_real(j, x);
}

void json_member_bool(struct json *j, const char *key, bool x)
{
    json_key(j, key);
    json_bool(j, x);
}

/*
 * field_print.c - help, Markdown and JSON Schema from field tables.
 *
 * A table may contain itself (a mixture of distributions); printing stops at
 * a depth that no real table reaches.
 */
#include "base/field.h"

#include <string.h>

#include "base/bug.h"
#include "base/text.h"

#define DEPTH_MAX 12

static const char *type_name(const struct field *f)
{
    static const char *const names[] = {
        [FIELD_T_BOOL] = "true or false", [FIELD_T_INT] = "integer",
        [FIELD_T_INT32] = "integer", [FIELD_T_REAL] = "number",
        [FIELD_T_STRING] = "string", [FIELD_T_ENUM] = "word",
        [FIELD_T_DURATION] = "duration", [FIELD_T_RATE] = "rate",
        [FIELD_T_SHARE] = "share", [FIELD_T_QUANTITY] = "quantity",
        [FIELD_T_INT_OR_PERCENT] = "count or percentage",
        [FIELD_T_OBJECT] = "map", [FIELD_T_OPTIONAL] = "map",
        [FIELD_T_LIST] = "list", [FIELD_T_MAP] = "map from names",
        [FIELD_T_STRINGS] = "list of strings",
        [FIELD_T_LABELS] = "map of strings", [FIELD_T_VALUE] = "any value",
        [FIELD_T_CUSTOM] = "value",
    };

    return f->type == FIELD_T_CUSTOM && strcmp(f->unit, "s") == 0
        ? "duration or distribution" : names[f->type];
}

/* The range in words, with its unit; "" if there is neither. */
static void put_range(struct buf *b, const struct field *f)
{
    bool limited = f->min != 0 || f->max != 0;
    bool open = f->flags & FIELD_EXCLUSIVE;
    char low[32], high[32];

    format_real(low, f->min);
    format_real(high, f->max);
    if (f->type == FIELD_T_ENUM)
        for (int i = 0; f->names[i]; i++)
            buf_printf(b, "%s%s", i ? ", " : "", f->names[i]);
    else if (limited && f->max >= 1e300)
        buf_printf(b, "%s %s", open ? ">" : ">=", low);
    else if (limited && f->min <= -1e300)
        buf_printf(b, "%s %s", open ? "<" : "<=", high);
    else if (limited)
        buf_printf(b, "%s%s..%s%s", open ? "above " : "", low,
                   open ? "below " : "", high);
}

static void help(FILE *out, const struct field *table, int indent, int depth)
{
    for (const struct field *f = table; f->type != FIELD_T_END; f++) {
        struct buf range = { 0 };
        const char *unit = strcmp(f->unit, "-") == 0 ? "" : f->unit;

        if (f->type == FIELD_T_IGNORED)
            continue;
        put_range(&range, f);
        fprintf(out, "%*s%s: %s", indent, "", f->key, type_name(f));
        if (f->flags & FIELD_REQUIRED)
            fputs(", required", out);
        if (f->def)
            fprintf(out, ", default %s", f->def);
        if (range.len)
            fprintf(out, ", %s", range.text);
        if (*unit)
            fprintf(out, "%s%s", range.len ? " " : ", ", unit);
        fprintf(out, "\n%*s%s\n", indent + 4, "", f->doc);
        if (f->sub && depth < DEPTH_MAX)
            help(out, f->sub, indent + 4, depth + 1);
        buf_free(&range);
    }
}

void field_help(FILE *out, const struct field *table, int indent)
{
    help(out, table, indent, 0);
}

/* Text for a cell of a Markdown table. */
static void put_cell(FILE *out, const char *s, bool code)
{
    fputs(code && *s ? " `" : " ", out);
    for (; *s; s++) {
        if (*s == '|')
            fputc('\\', out);
        fputc(*s, out);
        if (s[1] == '\0' && code)
            fputc('`', out);
    }
    fputs(" |", out);
}

static void markdown_rows(FILE *out, const struct field *table,
                          const char *prefix, int depth)
{
    for (const struct field *f = table; f->type != FIELD_T_END; f++) {
        struct buf range = { 0 }, path = { 0 };

        if (f->type == FIELD_T_IGNORED)
            continue;
        put_range(&range, f);
        buf_printf(&path, "%s%s%s%s", prefix, *prefix ? "." : "", f->key,
                   f->type == FIELD_T_LIST || f->type == FIELD_T_STRINGS
                   ? "[]" : f->type == FIELD_T_MAP ? ".NAME" : "");
        fputc('|', out);
        put_cell(out, path.text, true);
        put_cell(out, type_name(f), false);
        put_cell(out, f->flags & FIELD_REQUIRED ? "required"
                 : f->def ? f->def : "", !(f->flags & FIELD_REQUIRED));
        put_cell(out, range.len ? range.text : "", false);
        put_cell(out, f->unit, false);
        put_cell(out, f->doc, false);
        fputc('\n', out);
        if (f->sub && depth < DEPTH_MAX)
            markdown_rows(out, f->sub, path.text, depth + 1);
        buf_free(&range);
        buf_free(&path);
    }
}

void field_markdown(FILE *out, const struct field *table, const char *prefix)
{
    fputs("| field | type | default | range | unit | meaning |\n"
          "| --- | --- | --- | --- | --- | --- |\n", out);
    markdown_rows(out, table, prefix, 0);
}

/* ---- JSON Schema -------------------------------------------------------- */

static void schema(FILE *out, const struct field *table, int depth);

static void put_json(FILE *out, const char *s)
{
    struct buf b = { 0 };

    buf_json(&b, s);
    fputs(b.text, out);
    buf_free(&b);
}

/* "minimum": ..., for types whose value is the number itself. */
static void put_limits(FILE *out, const struct field *f)
{
    bool open = f->flags & FIELD_EXCLUSIVE;
    char room[32];

    if (f->min == 0 && f->max == 0)
        return;
    if (f->min > -1e300)
        fprintf(out, ",\"%s\":%s", open ? "exclusiveMinimum" : "minimum",
                format_real(room, f->min));
    if (f->max < 1e300)
        fprintf(out, ",\"%s\":%s", open ? "exclusiveMaximum" : "maximum",
                format_real(room, f->max));
}

static void put_enum(FILE *out, const char *const *names)
{
    fputs("\"enum\":[", out);
    for (int i = 0; names[i]; i++) {
        if (i)
            fputc(',', out);
        put_json(out, names[i]);
    }
    fputc(']', out);
}

static void put_sub(FILE *out, const char *before, const struct field *f,
                    const char *after, int depth)
{
    fputs(before, out);
    schema(out, f->sub, depth + 1);
    fputs(after, out);
}

/* Keywords of the types that say no more than their name. */
static const char *const type_keywords[] = {
    [FIELD_T_BOOL] = "\"type\":\"boolean\"",
    [FIELD_T_INT] = "\"type\":\"integer\"",
    [FIELD_T_INT32] = "\"type\":\"integer\"",
    [FIELD_T_REAL] = "\"type\":\"number\"",
    [FIELD_T_STRING] = "\"type\":[\"string\",\"number\",\"boolean\"]",
    [FIELD_T_DURATION] = "\"anyOf\":[{\"const\":0},{\"type\":\"string\","
        "\"pattern\":\"^(0|([0-9]+([.][0-9]*)?(ns|us|ms|s|m|h|d))+)$\"}]",
    [FIELD_T_RATE] = "\"anyOf\":[{\"type\":\"number\",\"minimum\":0},"
        "{\"type\":\"string\",\"pattern\":"
        "\"^[0-9.eE+-]+(/(ms|s|m|min|h|d))?$\"}]",
    [FIELD_T_SHARE] = "\"anyOf\":[{\"type\":\"number\",\"minimum\":0},"
        "{\"type\":\"string\",\"pattern\":\"^[0-9.eE+-]+%?$\"}]",
    [FIELD_T_QUANTITY] = "\"type\":[\"string\",\"number\"]",
    [FIELD_T_INT_OR_PERCENT] = "\"anyOf\":[{\"type\":\"integer\"},{\"type\":"
        "\"string\",\"pattern\":\"^[0-9]+%$\"}]",
    [FIELD_T_STRINGS] = "\"type\":\"array\",\"items\":"
        "{\"type\":[\"string\",\"number\",\"boolean\"]}",
    [FIELD_T_LABELS] = "\"type\":\"object\",\"additionalProperties\":"
        "{\"type\":[\"string\",\"number\",\"boolean\"]}",
    [FIELD_T_IGNORED] = NULL,
};

/* The keywords for the type of f, without braces. */
static void put_type(FILE *out, const struct field *f, int depth)
{
    if (type_keywords[f->type])
        fputs(type_keywords[f->type], out);
    switch (f->type) {
    case FIELD_T_INT:
    case FIELD_T_INT32:
    case FIELD_T_REAL:
        put_limits(out, f);
        break;
    case FIELD_T_ENUM:
        put_enum(out, f->names);
        break;
    case FIELD_T_OBJECT:
    case FIELD_T_OPTIONAL:
        put_sub(out, "\"anyOf\":[{\"type\":\"null\"},", f, "]", depth);
        break;
    case FIELD_T_LIST:
        put_sub(out, "\"type\":\"array\",\"items\":", f, "", depth);
        break;
    case FIELD_T_MAP:
        put_sub(out, "\"type\":\"object\",\"additionalProperties\":", f, "",
                depth);
        break;
    default:
        break;
    }
}

static void put_property(FILE *out, const struct field *f, int depth)
{
    put_json(out, f->key);
    if (f->type == FIELD_T_CUSTOM && f->schema) {
        fputs(":{\"allOf\":[", out);
        f->schema(out);
        fputs("],", out);
    } else {
        fputs(":{", out);
        put_type(out, f, depth);
        if (f->type != FIELD_T_VALUE && f->type != FIELD_T_CUSTOM
            && f->type != FIELD_T_IGNORED)
            fputc(',', out);
    }
    fputs("\"description\":", out);
    put_json(out, f->doc);
    if (f->def) {
        struct arena *a = arena_new();
        struct buf b = { 0 };

        value_canonical(&b, value_flow(a, f->def, NULL));
        fprintf(out, ",\"default\":%s", b.text);
        buf_free(&b);
        arena_free(a);
    }
    fputc('}', out);
}

static void schema(FILE *out, const struct field *table, int depth)
{
    const char *separator = "";

    if (depth > DEPTH_MAX) {
        fputs("{}", out);
        return;
    }
    fputs("{\"type\":\"object\",\"additionalProperties\":false,"
          "\"properties\":{", out);
    for (const struct field *f = table; f->type != FIELD_T_END; f++) {
        fputs(separator, out);
        put_property(out, f, depth);
        separator = ",";
    }
    fputc('}', out);
    separator = ",\"required\":[";
    for (const struct field *f = table; f->type != FIELD_T_END; f++) {
        if (!(f->flags & FIELD_REQUIRED))
            continue;
        fputs(separator, out);
        put_json(out, f->key);
        separator = ",";
    }
    fputs(*separator && separator[1] == '\0' ? "]}" : "}", out);
}

void field_schema(FILE *out, const struct field *table)
{
    schema(out, table, 0);
}

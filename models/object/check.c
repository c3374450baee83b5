/*
 * check.c - the forms of names, labels, ports, percentages, and selectors.
 *
 * Source: apimachinery pkg/util/validation, pkg/apis/meta/v1/validation and
 * pkg/api/validation of Kubernetes 1.36 (reference 11.2, 11.3).
 */
#include "read.h"

#include <ctype.h>
#include <string.h>

#include "base/bug.h"

#define LABEL_MAX 63
#define SUBDOMAIN_MAX 253
#define ANNOTATIONS_MAX ((size_t)256 << 10)

/* ---- names -------------------------------------------------------------- */

static bool is_lower_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Lower-case letters, digits and dashes, the ends no dash. */
static bool is_label(const char *s, size_t len)
{
    if (len == 0 || !is_lower_alnum(s[0]) || !is_lower_alnum(s[len - 1]))
        return false;
    for (size_t i = 0; i < len; i++)
        if (!is_lower_alnum(s[i]) && s[i] != '-')
            return false;
    return true;
}

/* Labels joined by dots.  Their length is not limited one by one. */
static bool is_subdomain(const char *s)
{
    for (;;) {
        size_t len = strcspn(s, ".");

        if (!is_label(s, len))
            return false;
        if (s[len] == '\0')
            return true;
        s += len + 1;
    }
}

/* Without regard to length. */
static bool has_form(const char *name, enum name_form form)
{
    if (form == NAME_SUBDOMAIN)
        return is_subdomain(name);
    return is_label(name, strlen(name));
}

/* A proposal for a name that is not one: lower case, dashes. */
static void help_name(struct reader *r, struct diag *d, const char *name,
                      enum name_form form)
{
    char *fixed = arena_strdup(r->errors->arena, name);
    size_t len;

    for (char *c = fixed; *c; c++) {
        *c = (char)tolower((unsigned char)*c);
        if (!is_lower_alnum(*c) && !(form == NAME_SUBDOMAIN && *c == '.'))
            *c = '-';
    }
    for (len = strlen(fixed); len > 0 && fixed[len - 1] == '-'; len--)
        fixed[len - 1] = '\0';
    if (has_form(fixed, form) && strcmp(fixed, name) != 0)
        diag_help(r->errors, d, "for example \"%s\"", fixed);
}

/* Not "." or "..", without "/" and "%". */
static void check_path_name(struct reader *r, const struct at *at)
{
    const char *name = value_text(at->v, "");

    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
        strpbrk(name, "/%"))
        fault(r, at, "Invalid", "may not be \".\" or \"..\" nor contain "
              "\"/\" or \"%%\", got \"%s\"", name);
}

void check_name(struct reader *r, const struct at *at, enum name_form form,
                bool prefix)
{
    static const char *const rule[] = {
        "must consist of lower-case letters, digits, \"-\" and \".\", and "
        "begin and end with a letter or digit",
        "must consist of lower-case letters, digits and \"-\", and begin "
        "and end with a letter or digit",
    };
    const char *name = value_text(at->v, ""), *bare = name;
    size_t len = strlen(name);
    size_t max = form == NAME_SUBDOMAIN ? SUBDOMAIN_MAX : LABEL_MAX;

    if (form == NAME_PATH) {
        check_path_name(r, at);
        return;
    }
    if (prefix && len > 1 && name[len - 1] == '-')
        bare = arena_printf(r->arena, "%.*sa", (int)len - 1, name);
    if (len > max)
        fault(r, at, "Invalid", "must be no more than %zu characters, got "
              "%zu", max, len);
    if (!has_form(bare, form))
        help_name(r, fault(r, at, "Invalid", "%s, got \"%s\"", rule[form],
                           name), name, form);
}

/* Letters, digits, "-", "_", "."; the ends letters or digits. */
static bool is_plain_name(const char *s)
{
    size_t len = strlen(s);

    if (len == 0 || !isalnum((unsigned char)s[0])
        || !isalnum((unsigned char)s[len - 1]))
        return false;
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)s[i]) && strchr("-_.", s[i]) == NULL)
            return false;
    return true;
}

/* What is wrong with a text: each fault is one of the API server's. */
struct whys {
    const char *text[5];
    size_t n;
};

static const char *const plain_rule =
    "must consist of letters, digits, \"-\", \"_\" and \".\", and begin and "
    "end with a letter or digit";

/* Faults of "a.b/c", in the server's order. */
static struct whys qualified_whys(struct arena *a, const char *name)
{
    const char *slash = strchr(name, '/'), *last = slash ? slash + 1 : name;
    const char *prefix;
    struct whys w = { .n = 0 };

    if (slash && strchr(last, '/')) {
        w.text[w.n++] = "must have at most one \"/\"";
        return w;
    }
    if (slash) {
        prefix = arena_strndup(a, name, (size_t)(slash - name));
        if (strlen(prefix) > SUBDOMAIN_MAX || !is_subdomain(prefix))
            w.text[w.n++] = "must have a DNS name before the \"/\"";
    }
    if (*last == '\0')
        w.text[w.n++] = "must not be empty";
    if (strlen(last) > LABEL_MAX)
        w.text[w.n++] = "must be no more than 63 characters";
    if (!is_plain_name(last))
        w.text[w.n++] = plain_rule;
    return w;
}

void check_qualified(struct reader *r, const struct at *at, const char *name)
{
    struct whys w = qualified_whys(r->arena, name);

    for (size_t i = 0; i < w.n; i++)
        fault(r, at, "Invalid", "%s, got \"%s\"", w.text[i], name);
}

/* ---- labels and annotations --------------------------------------------- */

/* Faults of a label's value, which may be empty. */
static struct whys label_value_whys(const char *value)
{
    struct whys w = { .n = 0 };

    if (strlen(value) > LABEL_MAX)
        w.text[w.n++] = "must be no more than 63 characters";
    if (*value && !is_plain_name(value))
        w.text[w.n++] = plain_rule;
    return w;
}

void check_label_value(struct reader *r, const struct at *at,
                       const char *value)
{
    struct whys w = label_value_whys(value);

    for (size_t i = 0; i < w.n; i++)
        fault(r, at, "Invalid", "%s, got \"%s\"", w.text[i], value);
}

/* Faults of an entry, reported with the path of the map. */
static void fault_entry(struct reader *r, const struct at *map, size_t i,
                        const char *what, struct whys w, const char *got)
{
    const struct member *m = &map->v->u.members[i];

    for (size_t k = 0; k < w.n; k++) {
        struct diag *d = fault(r, map, "Invalid", "%s %s, got \"%s\"", what,
                               w.text[k], got);

        if (m->mark.line > 0)
            d->mark = m->mark;
    }
}

void check_labels(struct reader *r, const struct at *at)
{
    for (size_t i = 0; i < at_len(at); i++) {
        const struct member *m = &at->v->u.members[i];
        const char *value = value_text(m->value, "");

        fault_entry(r, at, i, "key", qualified_whys(r->arena, m->key),
                    m->key);
        fault_entry(r, at, i, arena_printf(r->arena, "value of \"%s\"",
                    m->key), label_value_whys(value), value);
    }
}

void check_annotations(struct reader *r, const struct at *at)
{
    size_t total = 0;

    for (size_t i = 0; i < at_len(at); i++) {
        const struct member *m = &at->v->u.members[i];
        char *lower = arena_strdup(r->arena, m->key);

        for (char *c = lower; *c; c++)
            *c = (char)tolower((unsigned char)*c);
        fault_entry(r, at, i, "key", qualified_whys(r->arena, lower), m->key);
        total += strlen(m->key) + strlen(value_text(m->value, ""));
    }
    if (total > ANNOTATIONS_MAX)
        fault(r, at, "TooLong", "must have at most %zu bytes, has %zu",
              ANNOTATIONS_MAX, total);
}

/* ---- numbers and words -------------------------------------------------- */

void check_not_negative(struct reader *r, const struct at *up,
                        const char *key)
{
    struct at at = at_field(up, key);

    if (at_int(&at, 0) < 0)
        fault(r, &at, "Invalid", "must be at least 0, got %s",
              value_text(at.v, ""));
}

void check_port(struct reader *r, const struct at *at, int64_t port)
{
    if (port < 1 || port > 65535)
        fault(r, at, "Invalid", "must be between 1 and 65535, got %lld",
              (long long)port);
}

void check_port_name(struct reader *r, const struct at *at, const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
    size_t len = strlen(name);
    struct whys w = { .n = 0 };

    if (len > 15)
        w.text[w.n++] = "must be no more than 15 characters";
    if (len == 0 || strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-")
                    != len)
        w.text[w.n++] = "must consist of lower-case letters, digits and "
                        "\"-\"";
    if (strpbrk(name, letters) == NULL)
        w.text[w.n++] = "must contain a lower-case letter";
    if (strstr(name, "--"))
        w.text[w.n++] = "must not contain \"--\"";
    if (len > 0 && (name[0] == '-' || name[len - 1] == '-'))
        w.text[w.n++] = "must not begin or end with \"-\"";
    for (size_t i = 0; i < w.n; i++)
        fault(r, at, "Invalid", "%s, got \"%s\"", w.text[i], name);
}

void check_port_or_name(struct reader *r, const struct at *at)
{
    if (at->v == NULL || value_scalar_kind(at->v) == SCALAR_INT)
        check_port(r, at, at_int(at, 0));
    else
        check_port_name(r, at, value_text(at->v, ""));
}

int check_word(struct reader *r, const struct at *up, const char *key,
               const char *const *names, int fallback)
{
    struct at at = at_field(up, key);
    const char *word = value_text(at.v, "");
    int i = word_index(names, word);

    if (*word && i < 0)
        fault_unsupported(r, &at, names);
    return i < 0 ? fallback : i;
}

void check_int_or_percent(struct reader *r, const struct at *at)
{
    const char *text = value_text(at->v, "0");
    struct diag *d;

    if (at->v == NULL)
        return;
    if (value_scalar_kind(at->v) == SCALAR_INT) {
        if (at_int(at, 0) < 0)
            fault(r, at, "Invalid", "must be at least 0, got %s", text);
    } else if (!is_valid_percent(text)) {
        d = fault(r, at, "Invalid", "must be a whole number, or a percentage "
                  "such as 25%%, got \"%s\"", text);
        if (*text && strspn(text, "0123456789") == strlen(text))
            diag_help(r->errors, d, "write %s without quotes for pods, or "
                      "%s%%", text, text);
    }
}

void check_percent_at_most_100(struct reader *r, const struct at *at)
{
    const char *text = value_text(at->v, "0");
    struct int_or_percent x;

    if (at->v == NULL || value_scalar_kind(at->v) == SCALAR_INT
        || !is_valid_percent(text))
        return;
    if (!parse_int_or_percent(text, true, &x, NULL) || x.value > 100)
        fault(r, at, "Invalid", "must be at most 100%%, got \"%s\"", text);
}

bool is_some(const struct at *at)
{
    const char *text = value_text(at->v, "0");
    size_t digits;

    text += *text == '-' || *text == '+';
    digits = strspn(text, "0123456789");
    if (text[digits] != '\0' && !is_valid_percent(text))
        return false;
    return strspn(text, "0") < digits;
}

/* ---- label selectors ---------------------------------------------------- */

static const struct shape_field requirement_fields[] = {
    READ(TEXT, "key"), READ(TEXT, "operator"), READ(TEXTS, "values"),
    SHAPE_END
};
static const struct shape requirement_shape = { requirement_fields, NULL };
static const struct shape_field selector_fields[] = {
    READ(LABELS, "matchLabels"), LIST("matchExpressions", requirement_shape),
    SHAPE_END
};
const struct shape shape_selector = { selector_fields, NULL };

/* In and NotIn need values, Exists and DoesNotExist have none. */
static void check_requirement(struct reader *r, const struct at *at)
{
    static const char *const operators[] = { "In", "NotIn", "Exists",
                                             "DoesNotExist", NULL };
    struct at key = at_field(at, "key"), op = at_field(at, "operator");
    struct at values = at_field(at, "values");
    int i = word_index(operators, value_text(op.v, ""));

    if (i < 0)
        diag_suggest(r->errors,
                     fault(r, &op, "Invalid", "must be In, NotIn, Exists or "
                           "DoesNotExist, got \"%s\"", value_text(op.v, "")),
                     value_text(op.v, ""), operators);
    else if (i < 2 && at_len(&values) == 0)
        fault(r, &values, "Required", "must have a value when the operator "
              "is %s", operators[i]);
    else if (i >= 2 && at_len(&values) > 0)
        fault_forbidden(r, &values, "may not be given when the operator is "
                        "Exists or DoesNotExist");
    check_qualified(r, &key, value_text(key.v, ""));
    for (size_t v = 0; v < at_len(&values); v++) {
        struct at item = at_item(&values, v);

        check_label_value(r, &item, value_text(item.v, ""));
    }
}

void check_selector(struct reader *r, const struct at *at)
{
    struct at labels = at_field(at, "matchLabels");
    struct at expressions = at_field(at, "matchExpressions");

    check_labels(r, &labels);
    for (size_t i = 0; i < at_len(&expressions); i++) {
        struct at item = at_item(&expressions, i);

        check_requirement(r, &item);
    }
}

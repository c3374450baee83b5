/*
 * kubectl.c - the command line of kubectl: words, verb, flags.
 *
 * Words are split at blanks; 'single' and "double" quotes and a backslash
 * protect as in a shell.  Variables, pipes and globs do not exist.  Flags may
 * stand anywhere: --name=text, --name text, -n text, -ntext; a switch may say
 * --name=false.
 *
 * Not modelled: --dry-run, -o, contexts and everything that only changes what
 * is printed: such a flag is refused, not ignored.
 */
#include "models/action.h"
#include <string.h>
#include "base/bug.h"
#include "base/units.h"
#include "base/vec.h"

static const struct verb_ops *const verbs[] = {
#define VERB(id) &verb_##id,
#include "models/verbs.list"
#undef VERB
};

/* Verbs of kubectl that change a cluster but have no file here yet. */
static const char *const later[] = {
    "edit", "set selector", "debug", "exec", "cp", "wait", "get", "describe",
    "logs", NULL
};

typedef VEC(const char *) words;

const struct verb_ops *const *verb_table(size_t *n)
{
    *n = COUNT_OF(verbs);
    return verbs;
}

/* Append the character at *p, which may be quoted, to out and step over it.
 * quote is the open quote, or 0. */
static void take_char(const char **p, char *quote, struct buf *out)
{
    char c = **p;

    if (*quote && c == *quote) {
        *quote = 0;
    } else if (!*quote && (c == '\'' || c == '"')) {
        *quote = c;
    } else if (c == '\\' && *quote != '\'' && (*p)[1] != '\0') {
        (*p)++;
        buf_putc(out, **p);
    } else {
        buf_putc(out, c);
    }
    (*p)++;
}

/* Split text into words; false if a quote is left open. */
static bool split(struct arena *a, const char *text, words *out)
{
    const char *p = text;
    char quote = 0;

    for (;;) {
        struct buf word = {0};

        p += strspn(p, " \t\n");
        if (*p == '\0')
            return true;
        while (*p && (quote || !strchr(" \t\n", *p)))
            take_char(&p, &quote, &word);
        vec_push(a, out, arena_strndup(a, word.text ? word.text : "",
                                       word.len));
        buf_free(&word);
        if (quote)
            return false;
    }
}

/* Does the command begin with the words of name?  Returns how many. */
static size_t begins_with(const words *w, const char *name)
{
    size_t n = 0;

    while (*name) {
        size_t len = strcspn(name, " ");

        if (n == w->len || strlen(w->items[n]) != len ||
            memcmp(w->items[n], name, len) != 0)
            return 0;
        name += len;
        name += strspn(name, " ");
        n++;
    }
    return n;
}

/* Explain why the words name no verb that there is. */
static void unknown_verb(struct arena *a, const words *w, const struct mark *m,
                         struct err_list *errors)
{
    const char *names[COUNT_OF(verbs) + 1];
    const char *typed = w->len ? w->items[0] : "";
    struct diag *d;

    for (size_t i = 0; later[i]; i++) {
        if (begins_with(w, later[i])) {
            err_error(errors, m, "\"kubectl %s\" is not supported yet",
                      later[i]);
            return;
        }
    }
    for (size_t i = 0; i < COUNT_OF(verbs); i++)
        names[i] = verbs[i]->name;
    names[COUNT_OF(verbs)] = NULL;
    if (w->len > 1 && (strcmp(typed, "set") == 0 ||
                       strcmp(typed, "rollout") == 0))
        typed = arena_printf(a, "%s %s", typed, w->items[1]);
    d = err_error(errors, m, "unknown command \"%s\" for \"kubectl\"", typed);
    diag_suggest(errors, d, typed, names);
    if (!d->help)
        diag_help(errors, d, "see: rollsim explain kubectl");
}

static const struct verb_ops *find_verb(const words *w, size_t *used)
{
    for (size_t i = 0; i < COUNT_OF(verbs); i++) {
        *used = begins_with(w, verbs[i]->name);
        if (*used)
            return verbs[i];
    }
    return NULL;
}

/* Flags that every verb has. */
enum { COMMON_NAMESPACE, COMMON_RECORD, COMMON_AS, COMMON_GROUP };
static const struct kubectl_flag common[] = {
    { "namespace", 'n', KUBECTL_TEXT, "where the object is" },
    { "record", 0, KUBECTL_SWITCH, "note the command as change-cause" },
    { "as", 0, KUBECTL_TEXT, "the user who asks" },
    { "as-group", 0, KUBECTL_TEXT, "a group that he is in" },
    { NULL, 0, KUBECTL_SWITCH, NULL },
};

struct parsing {
    struct arena *arena;
    const words *words;
    size_t at;                  /* the word being read */
    const struct mark *mark;
    struct err_list *errors;
    struct kubectl_command *c;
    words rest, groups;
};

/* The row of a table that `word` ("--name", "--name=x", "-n", "-nx") names,
 * with the text after it in *text (NULL: none). */
static const struct kubectl_flag *match(const struct kubectl_flag *table,
                                        const char *word, const char **text)
{
    bool is_long = word[1] == '-';
    const char *name = word + (is_long ? 2 : 1);
    size_t len = is_long ? strcspn(name, "=") : 1;

    for (const struct kubectl_flag *f = table; f && f->name; f++) {
        if (is_long ? strlen(f->name) != len || memcmp(f->name, name, len) != 0
                    : f->letter == 0 || f->letter != name[0])
            continue;
        *text = name[len] == '\0' ? NULL
                : is_long || name[len] == '=' ? name + len + 1 : name + len;
        return f;
    }
    return NULL;
}

static void unknown_flag(struct parsing *p, const char *word)
{
    const char *names[KUBECTL_FLAGS + COUNT_OF(common)];
    size_t n = 0;
    struct diag *d;

    for (const struct kubectl_flag *f = p->c->verb->flags; f && f->name; f++)
        names[n++] = arena_printf(p->arena, "--%s", f->name);
    for (const struct kubectl_flag *f = common; f->name; f++)
        names[n++] = arena_printf(p->arena, "--%s", f->name);
    names[n] = NULL;
    d = err_error(p->errors, p->mark, "unknown flag: %s of kubectl %s", word,
                  p->c->verb->name);
    diag_suggest(p->errors, d,
                 arena_strndup(p->arena, word, strcspn(word, "=")), names);
}

/* The value of a flag: what is attached to it, or the next word. */
static const char *flag_text(struct parsing *p, const struct kubectl_flag *f,
                             const char *attached)
{
    int64_t number;

    if (f->kind == KUBECTL_SWITCH)
        return attached ? attached : "true";
    if (!attached && p->at + 1 < p->words->len)
        attached = p->words->items[++p->at];
    if (!attached) {
        err_error(p->errors, p->mark, "flag needs an argument: --%s", f->name);
        return NULL;
    }
    if (f->kind == KUBECTL_COUNT && !parse_int(attached, &number, NULL)) {
        err_error(p->errors, p->mark, "invalid argument \"%s\" for \"--%s\": "
                  "not a whole number", attached, f->name);
        return NULL;
    }
    return attached;
}

static void parse_flag(struct parsing *p)
{
    const char *word = p->words->items[p->at], *attached = NULL;
    const struct kubectl_flag *own = p->c->verb->flags;
    const struct kubectl_flag *f = match(own, word, &attached);
    const char *text;

    if (f) {
        text = flag_text(p, f, attached);
        if (text && f->kind == KUBECTL_MANY && p->c->flags[f - own])
            text = arena_printf(p->arena, "%s\n%s", p->c->flags[f - own],
                                text);
        p->c->flags[f - own] = text && f->kind == KUBECTL_SWITCH &&
                               strcmp(text, "false") == 0 ? NULL : text;
        return;
    }
    f = match(common, word, &attached);
    if (!f) {
        unknown_flag(p, word);
        return;
    }
    text = flag_text(p, f, attached);
    if (!text)
        return;
    if (f == &common[COMMON_RECORD])
        p->c->record = strcmp(text, "true") == 0;
    else if (f == &common[COMMON_AS])
        p->c->as = text;
    else if (f == &common[COMMON_GROUP])
        vec_push(p->arena, &p->groups, text);
    else
        p->c->space = text;
}

/* A lone "-" is a word. */
static bool is_flag(const char *word)
{
    return word[0] == '-' && word[1] != '\0';
}

static void parse_rest(struct parsing *p)
{
    bool flags = true;

    for (; p->at < p->words->len; p->at++) {
        const char *word = p->words->items[p->at];

        if (flags && strcmp(word, "--") == 0)
            flags = false;
        else if (flags && is_flag(word))
            parse_flag(p);
        else
            vec_push(p->arena, &p->rest, word);
    }
}

/* What kubectl says about a command that is not whole. */
static void check_command(struct parsing *p)
{
    const struct kubectl_command *c = p->c;
    const char *why = NULL;
    struct diag *d;

    if (c->nwords < c->verb->min_words)
        why = "required arguments are missing";
    else if (c->verb->input == INPUT_FILES && c->verb->min_words == 0 &&
             c->nwords == 0 && !kubectl_flag(c, "filename"))
        why = "must specify one of -f and -k";
    else if (c->verb->check)
        why = c->verb->check(p->arena, c);
    if (!why)
        return;
    d = err_error(p->errors, p->mark, "kubectl %s: %s", c->verb->name, why);
    diag_help(p->errors, d, "write kubectl %s %s", c->verb->name,
              c->verb->usage);
}

bool kubectl_parse(struct arena *a, const char *text, const struct mark *m,
                   struct kubectl_command *out, struct err_list *errors)
{
    words w = {0};
    struct parsing p = { .arena = a, .words = &w, .mark = m,
                         .errors = errors, .c = out };
    int before = errors->errors;

    *out = (struct kubectl_command){ .text = text, .space = "default" };
    if (!split(a, text, &w)) {
        err_error(errors, m, "a quote is not closed in \"kubectl %s\"", text);
        return false;
    }
    out->verb = find_verb(&w, &p.at);
    if (!out->verb) {
        unknown_verb(a, &w, m, errors);
        return false;
    }
    parse_rest(&p);
    if (p.groups.len > 0) {
        vec_push(a, &p.groups, NULL);
        out->groups = p.groups.items;
        if (!out->as)
            err_error(errors, m, "requesting groups without a user: "
                      "--as-group needs --as");
    }
    out->words = p.rest.items;
    out->nwords = p.rest.len;
    if (errors->errors == before)
        check_command(&p);
    return errors->errors == before;
}

const char *kubectl_flag(const struct kubectl_command *c, const char *name)
{
    const struct kubectl_flag *f = c->verb->flags;

    for (size_t i = 0; f && f[i].name; i++)
        if (strcmp(f[i].name, name) == 0)
            return c->flags[i];
    return NULL;
}

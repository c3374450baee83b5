/*
 * yaml_why.c - why libyaml stopped, in words for somebody who edits manifests.
 *
 * libyaml names the rule that was broken, often at the token after the slip.
 * A table turns each of its problems into what the user most likely did, at
 * the place where it was done: a tab, a blank missing after ':', a line that
 * is indented unlike its neighbours, a quote that is never closed, a Helm
 * template that nobody rendered.  What the table does not know is passed on.
 *
 * Source: libyaml 0.2.5, the strings in scanner.c, parser.c and reader.c, each
 * provoked in tests/bad/yaml.
 */
#include <stdio.h>
#include <string.h>
#include "base/bug.h"
#include "base/text.h"
#include "io/source.h"
#include "yaml_impl.h"

#define KEY_MAX 1024            /* characters libyaml allows a simple key */
#define QUOTE_MAX 60            /* bytes of the user's text in a help line */

struct why {
    const yaml_parser_t *parser;
    const struct source *source;
    struct err_list *errors;
    struct mark mark;           /* where libyaml noticed */
    struct mark context;        /* where the construct began; line 0: none */
    struct mark open;           /* innermost list or mapping; line 0: none */
    struct source_line line;    /* of mark */
    size_t at;                  /* byte of mark in line */
};

/* ---- looking at lines ---------------------------------------------------- */

/* Bytes of the character at byte `at` of line, which is inside it. */
static size_t step(struct source_line line, size_t at)
{
    uint32_t code;

    return utf8_next(line.text + at, line.len - at, &code);
}

/* Byte of column (from 1) in line; its length if the line ends before. */
static size_t byte_at(struct source_line line, int column)
{
    size_t i = 0;

    for (int c = 1; c < column && i < line.len; c++)
        i += step(line, i);
    return i;
}

/* Column (from 1) of byte `at` of line. */
static int column_of(struct source_line line, size_t at)
{
    int column = 1;

    for (size_t i = 0; i < at; i += step(line, i))
        column++;
    return column;
}

/* Blanks at the beginning of line. */
static size_t indent_of(struct source_line line)
{
    size_t i = 0;

    while (i < line.len && line.text[i] == ' ')
        i++;
    return i;
}

/* Length of line without blanks and a comment at its end. */
static size_t content_end(struct source_line line)
{
    size_t n = line.len;

    for (size_t i = 1; i < line.len; i++) {
        if (line.text[i] == '#' && line.text[i - 1] == ' ') {
            n = i;
            break;
        }
    }
    while (n > 0 && (line.text[n - 1] == ' ' || line.text[n - 1] == '\t'))
        n--;
    return n;
}

/* True if line is empty or a comment. */
static bool is_bare(struct source_line line)
{
    size_t i = indent_of(line);

    return i == line.len || line.text[i] == '#';
}

/* The number of the nearest line above that is not empty; 0: none. */
static int line_above(const struct source *s, int number)
{
    while (--number > 0) {
        if (!is_bare(source_line(s, number)))
            return number;
    }
    return 0;
}

/* A mark over bytes from..to of a line. */
static struct mark mark_bytes(const struct source *s, int number,
                              struct source_line line, size_t from, size_t to)
{
    struct mark m = { s, number, column_of(line, from), 1 };

    if (to > from)
        m.width = column_of(line, to) - m.column;
    return m;
}

/* The byte of the first "word:x" in line, where x is not a blank; line.len
 * if there is none, or if a good ": " comes first. */
static size_t tight_colon(struct source_line line)
{
    for (size_t i = indent_of(line); i + 1 < line.len; i++) {
        if (line.text[i] == '#' && i && line.text[i - 1] == ' ')
            break;
        if (line.text[i] != ':')
            continue;
        if (line.text[i + 1] == ' ')
            break;
        return line.text[i + 1] == '/' ? line.len : i;
    }
    return line.len;
}

/* The character at the mark, for messages; "" at the end of a line. */
static const char *character(const struct why *w, char room[5])
{
    size_t n = w->at < w->line.len ? step(w->line, w->at) : 0;

    if (n)
        memcpy(room, w->line.text + w->at, n);
    room[n] = '\0';
    return room;
}

/* The byte at the mark; NUL at the end of a line. */
static char char_at_mark(const struct why *w)
{
    return w->at < w->line.len ? w->line.text[w->at] : '\0';
}

/* ---- templates ----------------------------------------------------------- */

/* The folder of the chart that name is a template of, or "CHART". */
static int chart_of(const char *name, const char **chart)
{
    const char *templates = strstr(name, "templates/");

    if (templates && templates == name) {
        *chart = ".";
        return 1;
    }
    if (templates && templates[-1] == '/') {
        *chart = name;
        return (int)(templates - name);
    }
    *chart = "CHART";
    return (int)strlen(*chart);
}

/* Report the "{{" of a line, if there is one. */
static bool template_in(const struct source *s, int number,
                        struct err_list *errors)
{
    struct source_line line = source_line(s, number);
    const char *chart;

    for (size_t i = 0; i + 1 < line.len; i++) {
        if (line.text[i] != '{' || line.text[i + 1] != '{')
            continue;
        struct mark m = mark_bytes(s, number, line, i, i + 2);
        int len = chart_of(s->name, &chart);
        struct diag *d = err_error(errors, &m, "this looks like an unrendered "
                                   "Helm template (\"{{\")");
        diag_help(errors, d, "helm template RELEASE %.*s | rollsim import -",
                  len, chart);
        return true;
    }
    return false;
}

bool yaml_explain_template(const struct mark *m, struct err_list *errors)
{
    if (template_in(m->source, m->line, errors))
        return true;
    int above = line_above(m->source, m->line);
    return above && template_in(m->source, above, errors);
}

/* ---- the single explanations --------------------------------------------- */

static void explain_tab(struct why *w)
{
    struct diag *d = err_error(w->errors, &w->mark, "a tab is used for "
                               "indentation; YAML needs spaces");

    diag_help(w->errors, d, "replace each tab by spaces, as many as the lines "
              "around have");
}

/* "found character that cannot start any token" */
static void explain_start(struct why *w)
{
    char room[5];

    if (char_at_mark(w) == '\t') {
        explain_tab(w);
        return;
    }
    struct diag *d = err_error(w->errors, &w->mark, "a value cannot start "
                               "with \"%s\"", character(w, room));
    size_t end = content_end(w->line);
    if (end > w->at && end - w->at <= QUOTE_MAX &&
        !memchr(w->line.text + w->at, '\'', end - w->at))
        diag_help(w->errors, d, "put it in quotes: '%.*s'",
                  (int)(end - w->at), w->line.text + w->at);
}

/* Report "word:x" in line number, if there is one. */
static bool blank_missing(struct why *w, int number)
{
    struct source_line line = source_line(w->source, number);
    size_t colon = number > 0 ? tight_colon(line) : line.len;

    if (colon == line.len)
        return false;
    struct mark m = mark_bytes(w->source, number, line, colon, colon + 1);
    struct diag *d = err_error(w->errors, &m, "a blank is missing after \":\"");
    size_t from = indent_of(line), end = content_end(line);
    if (end - from <= QUOTE_MAX)
        diag_help(w->errors, d, "write %.*s %.*s", (int)(colon + 1 - from),
                  line.text + from, (int)(end - colon - 1),
                  line.text + colon + 1);
    return true;
}

/* A second ": " in one line: the value needs quotes. */
static void second_colon(struct why *w, size_t first)
{
    size_t from = first + 2, end = content_end(w->line);
    struct diag *d = err_error(w->errors, &w->mark, "a value that contains "
                               "\":\" needs quotes");

    while (from < end && w->line.text[from] == ' ')
        from++;
    bool quotes = memchr(w->line.text + from, '"', end - from) != NULL;
    if (end - from <= QUOTE_MAX && !quotes)
        diag_help(w->errors, d, "write \"%.*s\"", (int)(end - from),
                  w->line.text + from);
}

/* The line of w is indented unlike its neighbours. */
static struct diag *explain_slip(struct why *w, const char *text)
{
    size_t from = indent_of(w->line), to = from;

    while (to < w->line.len && w->line.text[to] != ' ' &&
           w->line.text[to] != ':')
        to++;
    struct mark m = mark_bytes(w->source, w->mark.line, w->line, from, to);
    struct diag *d = err_error(w->errors, &m, "%s", text);
    diag_help(w->errors, d, "is this line indented like the one above?");
    return d;
}

/* The byte where the key begins whose ":" is at the mark: at its quote, or
 * after the last of ",{[" and blanks. */
static size_t key_start(const struct why *w)
{
    const char *t = w->line.text;
    size_t i = w->at;

    if (i > 1 && t[i - 1] == '"') {
        for (i -= 2; i > 0 && !(t[i] == '"' && t[i - 1] != '\\');)
            i--;
        return i;
    }
    while (i > 0 && !strchr(",{[", t[i - 1]))
        i--;
    while (i < w->at && t[i] == ' ')
        i++;
    return i;
}

/* libyaml looks for the ":" of a key no further than KEY_MAX. */
static bool key_too_long(struct why *w)
{
    size_t from = key_start(w);

    if (char_at_mark(w) != ':' || w->at - from <= KEY_MAX)
        return false;
    struct mark m = mark_bytes(w->source, w->mark.line, w->line, from, w->at);
    err_error(w->errors, &m, "a key may have at most %d characters", KEY_MAX);
    return true;
}

/* "mapping values are not allowed in this context" */
static void explain_colon(struct why *w)
{
    if (key_too_long(w))
        return;
    for (size_t i = 0; i + 1 < w->at; i++) {
        if (w->line.text[i] == ':' && w->line.text[i + 1] == ' ') {
            second_colon(w, i);
            return;
        }
    }
    if (blank_missing(w, line_above(w->source, w->mark.line)))
        return;
    explain_slip(w, "no key can be here: it would continue the value above");
}

/* The rest of the line of w, from its mark, as a mark. */
static struct mark rest_of_line(const struct why *w)
{
    return mark_bytes(w->source, w->mark.line, w->line, w->at,
                      content_end(w->line));
}

/* A bracket that closes nothing.  False if there is none at the mark. */
static bool explain_bracket(struct why *w)
{
    char c = char_at_mark(w);

    if (c != ']' && c != '}')
        return false;
    err_error(w->errors, &w->mark, "\"%c\" closes nothing", c);
    return true;
}

/* "did not find expected key" in a mapping of lines */
static void explain_key(struct why *w)
{
    size_t indent = indent_of(w->line);

    if (explain_bracket(w))
        return;
    if (w->at > indent) {
        struct mark m = rest_of_line(w);
        struct diag *d = err_error(w->errors, &m, "unexpected text after the "
                                   "value");
        diag_help(w->errors, d, "if it belongs to the value, put all of it in "
                  "one pair of quotes");
        return;
    }
    if (char_at_mark(w) == ':') {
        err_error(w->errors, &w->mark, "a key is missing before \":\"");
        return;
    }
    const char *text = char_at_mark(w) == '-'
                           ? "a list item cannot be among the keys of a mapping"
                           : "this key fits no mapping above it";
    struct diag *d = explain_slip(w, text);
    if (w->context.line)
        diag_note(w->errors, d, &w->context, "the mapping began here");
}

/* "could not find expected ':'" */
static void explain_no_colon(struct why *w)
{
    struct source_line line = source_line(w->source, w->context.line);
    size_t from = byte_at(line, w->context.column), end = content_end(line);
    struct mark m = mark_bytes(w->source, w->context.line, line, from, end);

    if (blank_missing(w, w->context.line))
        return;
    struct diag *d = err_error(w->errors, &m, "expected \"key: value\", but "
                               "there is no \":\"");
    if (from + 1 < end && line.text[from] == '-' &&
        end - from <= QUOTE_MAX)
        diag_help(w->errors, d, "if this is a list item, write - %.*s",
                  (int)(end - from - 1), line.text + from + 1);
}

/* The file ends inside a list or mapping in brackets: show where it opened. */
static void explain_end(struct why *w)
{
    struct source_line line = source_line(w->source, w->open.line);
    size_t at = byte_at(line, w->open.column);
    struct diag *d = err_error(w->errors, &w->mark, "a value is missing at "
                               "the end of the file");

    if (at < line.len && (line.text[at] == '[' || line.text[at] == '{'))
        diag_note(w->errors, d, &w->open, "this is still open");
}

/* "did not find expected node content" */
static void explain_node(struct why *w)
{
    bool flow = w->parser->context && strstr(w->parser->context, "flow");
    char room[5];
    const char *c = character(w, room);

    if (!flow && explain_bracket(w))
        return;
    if (*c == '-' && flow) {
        struct diag *d = err_error(w->errors, &w->mark, "a list in [ ] has no "
                                   "\"-\"");
        diag_help(w->errors, d, "set its items apart by commas");
    } else if (*c == '\0') {
        explain_end(w);
    } else {
        err_error(w->errors, &w->mark, "a value is missing before \"%s\"", c);
    }
}

/* "did not find expected ',' or '}'" and its like for ']' */
static void explain_flow(struct why *w)
{
    bool is_map = strchr(w->parser->problem, '}') != NULL;
    char room[5], want = is_map ? '}' : ']';
    const char *c = character(w, room);
    struct diag *d;

    if (key_too_long(w))
        return;
    if (*c == ':' && w->at > 0 && w->line.text[w->at - 1] == '"') {
        struct mark m = mark_bytes(w->source, w->mark.line, w->line,
                                   key_start(w), w->at);
        d = err_error(w->errors, &m, "expected \",\" or \"%c\" before this "
                      "key", want);
    } else if (*c == '"') {
        d = err_error(w->errors, &w->mark, "expected \",\" or \"%c\" before "
                      "this text", want);
    } else if (*c) {
        d = err_error(w->errors, &w->mark, "expected \",\" or \"%c\" before "
                      "\"%s\"", want, c);
    } else {
        d = err_error(w->errors, &w->mark, "expected \",\" or \"%c\" before "
                      "the end of the file", want);
    }
    if (w->context.line)
        diag_note(w->errors, d, &w->context, "the %s opened here",
                  is_map ? "mapping" : "list");
}

/* "did not find expected <document start>" */
static void explain_document(struct why *w)
{
    if (blank_missing(w, w->mark.line) || explain_bracket(w))
        return;
    struct mark m = rest_of_line(w);
    struct diag *d = err_error(w->errors, &m, "the document ended before "
                               "this");
    diag_help(w->errors, d, "set documents apart by a line \"---\"");
}

/* "did not find expected alphabetic or numeric character" after * or & */
static void explain_name(struct why *w)
{
    struct source_line line = source_line(w->source, w->context.line);
    size_t from = byte_at(line, w->context.column), end = content_end(line);
    struct mark m = mark_bytes(w->source, w->context.line, line, from, end);
    struct diag *d = err_error(w->errors, &m, "a name must follow \"%c\"",
                               from < line.len ? line.text[from] : '*');

    if (end > from && end - from <= QUOTE_MAX)
        diag_help(w->errors, d, "if this is a text, put it in quotes: '%.*s'",
                  (int)(end - from), line.text + from);
}

/* "found unknown escape character"; the mark is at the backslash */
static void explain_escape(struct why *w)
{
    size_t next = w->at + 1 < w->line.len ? w->at + 1 : w->line.len;
    size_t n = next < w->line.len ? step(w->line, next) : 0;
    struct mark m = w->mark;

    m.width = 2;
    struct diag *d = err_error(w->errors, &m, "\"\\%.*s\" is no escape of "
                               "double-quoted text", (int)n,
                               w->line.text + next);
    diag_help(w->errors, d, "write \\\\ for a backslash, or use single "
              "quotes");
}

/* "found invalid Unicode character escape code": half a surrogate pair */
static void explain_unicode(struct why *w)
{
    const char *p = w->line.text + w->at;
    size_t n = w->line.len - w->at, back = w->at >= 2 ? 2 : 0;
    unsigned high, low;
    struct mark m = mark_bytes(w->source, w->mark.line, w->line,
                               w->at - back, w->at + (n < 4 ? n : 4));
    struct diag *d = err_error(w->errors, &m, "this escape is no character");

    if (n >= 10 && sscanf(p, "%4x\\u%4x", &high, &low) == 2 &&
        high >= 0xD800 && high < 0xDC00 && low >= 0xDC00 && low < 0xE000)
        diag_help(w->errors, d, "YAML writes \\u%04x\\u%04x as \\U%08X", high,
                  low, 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00));
}

/* "found undefined tag handle" */
static void explain_handle(struct why *w)
{
    size_t end = w->at;

    while (end < w->line.len && w->line.text[end] != ' ')
        end++;
    struct mark m = mark_bytes(w->source, w->mark.line, w->line, w->at, end);
    struct diag *d = err_error(w->errors, &m, "tag \"%.*s\" cannot be used "
                               "here", (int)(end - w->at),
                               w->line.text + w->at);
    diag_help(w->errors, d, "leave it out; if this is a text, put it in "
              "quotes");
}

/* libyaml's reader gives a byte offset and no mark.  The text was checked, so
 * this is met only if the two checks disagree. */
static void explain_reader(struct why *w)
{
    size_t offset = w->parser->problem_offset;
    struct mark m = { w->source, 1, 1, 1 };

    struct source_line all = { w->source->text, w->source->len };

    for (size_t i = 0; i < offset && i < all.len; i += step(all, i)) {
        bool newline = all.text[i] == '\n';
        m.line += newline;
        m.column = newline ? 1 : m.column + 1;
    }
    err_error(w->errors, &m, "%s", w->parser->problem);
}

/* ---- the table ----------------------------------------------------------- */

/* Whose mark the message stands at. */
enum place { AT_PROBLEM, AT_CONTEXT };

struct row {
    const char *problem;        /* libyaml's words, or how they begin */
    void (*explain)(struct why *w);     /* or NULL: the rest of the row */
    enum place place;
    const char *text, *help, *note;     /* note: of the other mark */
};

static const struct row rows[] = {
    { .problem = "found character that cannot start any token",
      .explain = explain_start },
    { .problem = "found a tab character", .explain = explain_tab },
    { .problem = "mapping values are not allowed in this context",
      .explain = explain_colon },
    { .problem = "did not find expected key", .explain = explain_key },
    { .problem = "could not find expected ':'", .explain = explain_no_colon },
    { .problem = "did not find expected node content",
      .explain = explain_node },
    { .problem = "did not find expected ',' or", .explain = explain_flow },
    { .problem = "did not find expected <document start>",
      .explain = explain_document },
    { .problem = "did not find expected alphabetic or numeric character",
      .explain = explain_name },
    { .problem = "found unknown escape character",
      .explain = explain_escape },
    { .problem = "found invalid Unicode character escape code",
      .explain = explain_unicode },
    { .problem = "found undefined tag handle", .explain = explain_handle },
    { .problem = "did not find expected '-' indicator",
      .text = "expected a list item (\"- \") or the end of the list",
      .help = "is this line indented like the one above?",
      .note = "the list began here" },
    { .problem = "block sequence entries are not allowed in this context",
      .text = "a list cannot start in the line of its key",
      .help = "put \"- \" in the next line, or write [a, b]" },
    { .problem = "block mapping keys are not allowed in this context",
      .text = "a mapping cannot start here",
      .help = "put it in the next line, or write {key: value}" },
    { .problem = "found unexpected end of stream", .place = AT_CONTEXT,
      .text = "this quote is never closed" },
    { .problem = "found unexpected document indicator", .place = AT_CONTEXT,
      .text = "this quote is not closed in its document",
      .note = "the document ends here" },
    { .problem = "did not find expected comment or line break",
      .text = "unexpected text in the line that begins a block of text or a "
              "directive",
      .help = "its text starts in the next line" },
    { .problem = "did not find expected hexdecimal number",
      .text = "expected a hexadecimal digit in this escape" },
    { .problem = "found incompatible YAML document",
      .text = "this version of YAML is not supported",
      .help = "leave the line out; 1.1 and 1.2 are supported" },
    { .problem = "found unknown directive name",
      .text = "only %YAML and %TAG can follow \"%\" here" },
    { .problem = "found duplicate %YAML directive",
      .text = "%YAML is given twice" },
};

/* The message of a row that needs no look at the line. */
static void explain_row(struct why *w, const struct row *r)
{
    bool swap = r->place == AT_CONTEXT && w->context.line;
    const struct mark *at = swap ? &w->context : &w->mark;
    const struct mark *other = swap ? &w->mark : &w->context;
    struct diag *d = err_error(w->errors, at, "%s", r->text);

    if (r->help)
        diag_help(w->errors, d, "%s", r->help);
    if (r->note && other->line)
        diag_note(w->errors, d, other, "%s", r->note);
}

/* What the table does not know: libyaml's own words. */
static void pass_on(struct why *w)
{
    const char *problem = w->parser->problem, *context = w->parser->context;
    struct diag *d = err_error(w->errors, &w->mark, "%s",
                               problem ? problem : "this is not YAML");

    if (context && w->context.line)
        diag_note(w->errors, d, &w->context, "%s", context);
}

/* libyaml leaves a context without words where it has none. */
static bool has_context(const yaml_parser_t *p)
{
    return p->context && (p->context_mark.line != p->problem_mark.line ||
                          p->context_mark.column != p->problem_mark.column);
}

void yaml_explain(const yaml_parser_t *parser, const struct source *s,
                  const struct mark *open, struct err_list *errors)
{
    struct why w = { .parser = parser, .source = s, .errors = errors };
    const char *problem = parser->problem ? parser->problem : "";

    if (parser->error == YAML_READER_ERROR) {
        explain_reader(&w);
        return;
    }
    if (open)
        w.open = *open;
    w.mark = yaml_mark_between(s, parser->problem_mark, parser->problem_mark);
    w.line = source_line(s, w.mark.line);
    w.at = byte_at(w.line, w.mark.column);
    if (has_context(parser))
        w.context = yaml_mark_between(s, parser->context_mark,
                                      parser->context_mark);
    if (yaml_explain_template(&w.mark, errors))
        return;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct row *r = &rows[i];
        if (strncmp(problem, r->problem, strlen(r->problem)) != 0)
            continue;
        if (r->explain)
            r->explain(&w);
        else
            explain_row(&w, r);
        return;
    }
    pass_on(&w);
}

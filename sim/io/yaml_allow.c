/*
 * yaml_allow.c - comments that silence a warning: `# rollsim: allow WORD ...`.
 *
 * libyaml drops comments, so they are looked for in the raw lines.  A line
 * inside a block of text that looks like such a comment counts as one.
 */
#include <string.h>
#include "yaml_impl.h"

/* Append the words of text, which are set apart by blanks and commas. */
static void add_words(struct arena *a, struct yaml_stream *out,
                      const char *text, size_t len, int line)
{
    for (size_t i = 0; i < len;) {
        size_t n = 0;
        while (i + n < len && !strchr(" \t,", text[i + n]))
            n++;
        if (n) {
            struct yaml_allow w = { arena_strndup(a, text + i, n), line };
            vec_push(a, &out->allows, w);
        }
        i += n + 1;
    }
}

/* Where the words of our comment begin in line; NULL if it has none. */
static const char *allow_words(const char *line, const char *stop)
{
    static const char intro[] = "# rollsim: allow ";
    size_t n = strlen(intro);

    for (const char *p = line; (size_t)(stop - p) > n; p++) {
        p = memchr(p, '#', (size_t)(stop - p) - n);
        if (!p)
            return NULL;
        bool alone = p == line || p[-1] == ' ' || p[-1] == '\t';
        if (alone && memcmp(p, intro, n) == 0)
            return p + n;
    }
    return NULL;
}

void yaml_find_allows(struct arena *a, struct yaml_stream *out)
{
    const char *p = out->source->text, *end = p + out->source->len;

    for (int line = 1; p < end; line++) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));
        if (!stop)
            stop = end;
        const char *words = allow_words(p, stop);
        if (words)
            add_words(a, out, words, (size_t)(stop - words), line);
        p = stop + 1;
    }
}

/*
 * analysis_condition.c - conditions over the result of a measurement.
 *
 * The part of the expression language (antonmedv/expr) that conditions on
 * numbers use.  A result is a list of one number, or empty; `result` alone
 * stands for that number.  && and || do not look at their right side if the
 * left one decides, so "len(result) == 0 || result[0] < 0.05" is no error.
 *
 * Source: argo-rollouts utils/evaluate at 9f8d111d.
 */
#include "models/analysis.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum type { NUMBER, TRUTH };

struct term {
    enum type type;
    double x;                   /* TRUTH: 0 or 1 */
};

struct parser {
    const char *at;
    const struct analysis_result *result;
    int skipping;               /* what is read does not count */
    bool empty;                 /* result[0] of an empty list */
    const char *why;            /* unreadable; NULL so far */
    int depth;
};

static struct term number(double x)
{
    return (struct term){ NUMBER, x };
}

static struct term truth(bool x)
{
    return (struct term){ TRUTH, x };
}

static struct term refuse(struct parser *p, const char *why)
{
    if (!p->why)
        p->why = why;
    return number(0);
}

static bool take(struct parser *p, const char *word)
{
    size_t len = strlen(word);

    p->at += strspn(p->at, " \t\n");
    if (strncmp(p->at, word, len) != 0 ||
        (isalpha((unsigned char)*word) &&
         (isalnum((unsigned char)p->at[len]) || p->at[len] == '_')))
        return false;
    p->at += len;
    return true;
}

static void need(struct parser *p, const char *word, const char *why)
{
    if (!take(p, word))
        refuse(p, why);
}

static struct term either(struct parser *p);

static double result_of(struct parser *p)
{
    if (!p->result->any && p->skipping == 0)
        p->empty = true;
    return p->result->any ? p->result->value : NAN;
}

static struct term result(struct parser *p)
{
    if (take(p, "[")) {
        need(p, "0", "only result[0] can be asked for");
        need(p, "]", "\"]\" is missing");
    }
    return number(result_of(p));
}

/* default(result[0], x): x if there is none, or no number. */
static struct term fallback(struct parser *p)
{
    bool was_empty = p->empty;
    struct term value, other;

    p->skipping++;
    value = either(p);
    p->skipping--;
    need(p, ",", "default needs two arguments");
    other = either(p);
    need(p, ")", "\")\" is missing");
    p->empty = was_empty;
    return isnan(value.x) ? other : value;
}

static struct term call(struct parser *p, double (*f)(double))
{
    struct term x = either(p);

    need(p, ")", "\")\" is missing");
    return truth(f(x.x) != 0);
}

static double is_nan(double x)
{
    return isnan(x);
}

static double is_inf(double x)
{
    return isinf(x);
}

static struct term primary(struct parser *p)
{
    struct term x;
    char *end;

    if (take(p, "(")) {
        x = either(p);
        need(p, ")", "\")\" is missing");
        return x;
    }
    if (take(p, "len")) {
        need(p, "(", "len needs (result)");
        need(p, "result", "len needs (result)");
        need(p, ")", "len needs (result)");
        return number(p->result->any);
    }
    if (take(p, "isNaN") && take(p, "("))
        return call(p, is_nan);
    if (take(p, "isInf") && take(p, "("))
        return call(p, is_inf);
    if (take(p, "default") && take(p, "("))
        return fallback(p);
    if (take(p, "true"))
        return truth(true);
    if (take(p, "false"))
        return truth(false);
    if (take(p, "result"))
        return result(p);
    x = number(strtod(p->at, &end));
    if (end == p->at)
        return refuse(p, "expected a number, result, result[0], len, isNaN, "
                      "isInf or default");
    p->at = end;
    return x;
}

static struct term factor(struct parser *p)
{
    struct term x;

    if (++p->depth > 64)
        return refuse(p, "too deep");
    if (take(p, "-"))
        x = number(-factor(p).x);
    else if (take(p, "!") || take(p, "not"))
        x = truth(factor(p).x == 0);
    else
        x = primary(p);
    p->depth--;
    return x;
}

static struct term product(struct parser *p)
{
    struct term x = factor(p);

    for (;;) {
        if (take(p, "*"))
            x = number(x.x * factor(p).x);
        else if (take(p, "/"))
            x = number(x.x / factor(p).x);
        else
            return x;
    }
}

static struct term sum(struct parser *p)
{
    struct term x = product(p);

    for (;;) {
        if (take(p, "+"))
            x = number(x.x + product(p).x);
        else if (take(p, "-"))
            x = number(x.x - product(p).x);
        else
            return x;
    }
}

static struct term comparison(struct parser *p)
{
    struct term x = sum(p);

    if (take(p, "<="))
        return truth(x.x <= sum(p).x);
    if (take(p, ">="))
        return truth(x.x >= sum(p).x);
    if (take(p, "=="))
        return truth(x.x == sum(p).x);
    if (take(p, "!="))
        return truth(x.x != sum(p).x);
    if (take(p, "<"))
        return truth(x.x < sum(p).x);
    if (take(p, ">"))
        return truth(x.x > sum(p).x);
    return x;
}

static struct term both(struct parser *p)
{
    struct term x = comparison(p), y;

    while (take(p, "&&") || take(p, "and")) {
        p->skipping += x.x == 0;
        y = comparison(p);
        p->skipping -= x.x == 0;
        x = truth(x.x != 0 && y.x != 0);
    }
    return x;
}

static struct term either(struct parser *p)
{
    struct term x = both(p), y;

    while (take(p, "||") || take(p, "or")) {
        p->skipping += x.x != 0;
        y = both(p);
        p->skipping -= x.x != 0;
        x = truth(x.x != 0 || y.x != 0);
    }
    return x;
}

enum analysis_answer analysis_condition(const char *text,
                                        const struct analysis_result *r,
                                        const char **why)
{
    struct parser p = { .at = text, .result = r };
    struct term x = either(&p);

    p.at += strspn(p.at, " \t\n");
    if (*p.at)
        refuse(&p, "something follows that cannot be read");
    if (x.type != TRUTH)
        refuse(&p, "it is no condition: expected a comparison");
    *why = p.why;
    if (p.why || p.empty)
        return ANSWER_ERROR;
    return x.x != 0 ? ANSWER_TRUE : ANSWER_FALSE;
}

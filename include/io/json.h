/*
 * json.h - JSON written as it is known, nothing kept.
 *
 *     json_object(&j);
 *     json_key(&j, "n");
 *     json_int(&j, 30);
 *     json_end(&j);
 *
 * Numbers are the shortest that read back the same, whatever the locale; NaN
 * and infinities are null.  Text is escaped as RFC 8259 asks, bytes that are
 * not UTF-8 become U+FFFD, and "</" is written "<\/" so that the result may
 * stand in HTML.  Misuse (a value without its key, an end too many) is a BUG.
 */
#ifndef IO_JSON_H
#define IO_JSON_H
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define JSON_DEPTH_MAX 64

struct json {
    FILE *out;                  /* borrowed */
    int indent;                 /* blanks per level; 0: all in one line */
    int depth;                  /* open lists and objects */
    uint64_t objects;           /* bit d: level d is an object, not a list */
    uint64_t filled;            /* bit d: level d has something in it */
    bool keyed;                 /* a key waits for its value */
    bool done;                  /* the one outermost value is complete */
};

/* Start a text on out. */
void json_start(struct json *j, FILE *out, int indent);

/* End the text: a newline, and a BUG if something is still open.  The same
 * struct then takes the next text (JSON Lines). */
void json_finish(struct json *j);

/* Open an object. */
void json_object(struct json *j);

/* Open a list. */
void json_list(struct json *j);

/* Close the innermost object or list. */
void json_end(struct json *j);

/* The key of the next value; only and always in an object. */
void json_key(struct json *j, const char *key);

/* A string; NULL is null. */
void json_text(struct json *j, const char *text);

/* A whole number.  Exact, though JavaScript reads only up to 2^53 so. */
void json_int(struct json *j, int64_t x);

/* A number; null if it is not finite. */
void json_real(struct json *j, double x);

/* true or false. */
void json_bool(struct json *j, bool x);

/* null. */
void json_null(struct json *j);

/* A key and its value. */
void json_member_text(struct json *j, const char *key, const char *text);
void json_member_int(struct json *j, const char *key, int64_t x);
void json_member_real(struct json *j, const char *key, double x);
void json_member_bool(struct json *j, const char *key, bool x);

#endif

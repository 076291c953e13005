/*
 * manifest/print.c - JSON into a buffer; see print.h.
 */
#include "print.h"
#include "message.h"

void weir__print_open(struct weir__printing *p, char *text, size_t capacity)
{
    p->text = text;
    p->capacity = capacity;
    p->length = 0;
    if (capacity > 0) {
        text[0] = '\0';
    }
}

void weir__print_char(struct weir__printing *p, char c)
{
    if (p->length + 1 < p->capacity) {
        p->text[p->length] = c;
        p->text[p->length + 1] = '\0';
    }
    p->length++;
}

void weir__print_text(struct weir__printing *p, const char *text)
{
    while (*text != '\0') {
        weir__print_char(p, *text++);
    }
}

void weir__print_int(struct weir__printing *p, int64_t value)
{
    struct weir__message m;

    weir__message_clear(&m);
    weir__message_int(&m, value);
    weir__print_text(p, m.text);
}

void weir__print_quoted(struct weir__printing *p, const char *text)
{
    static const char hex[] = "0123456789abcdef";
    static const char shorts[] = "btn\0fr"; /* from \b on */

    weir__print_char(p, '"');
    for (; text != NULL && *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        if (c == '"' || c == '\\') {
            weir__print_char(p, '\\');
            weir__print_char(p, *text);
        } else if (c >= '\b' && c <= '\r' && shorts[c - '\b'] != '\0') {
            weir__print_char(p, '\\');
            weir__print_char(p, shorts[c - '\b']);
        } else if (c < 0x20 || c == 0x7f) {
            weir__print_text(p, "\\u00");
            weir__print_char(p, hex[c >> 4]);
            weir__print_char(p, hex[c & 15]);
        } else {
            weir__print_char(p, *text);
        }
    }
    weir__print_char(p, '"');
}

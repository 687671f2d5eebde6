/*
 * untranslated_server.c
 *    Loaded before a server that runs under AddressSanitizer (scripts/test_sanitized.mjs): its messages stay English.
 *    Where symbols that the sanitizer looks for are absent, it leaves glibc's lock around message catalogues released
 *    once too often, and the server's first bindtextdomain() waits for it for ever.
 */
char *
bindtextdomain(const char *domain, const char *folder)
{
	(void) domain;
	return (char *) folder;
}

char *
bind_textdomain_codeset(const char *domain, const char *codeset)
{
	(void) domain;
	return (char *) codeset;
}

char *
textdomain(const char *domain)
{
	return (char *) domain;
}

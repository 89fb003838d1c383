"""The HTML of the sandbox's sites: small, and marked up the way real sites are."""

from __future__ import annotations

from html import escape

_NAME = '<p><label for="name">Your name *</label><br><input id="name" name="name" required></p>'
_EMAIL = '<p><label for="email">Your e-mail *</label><br><input id="email" name="email" type="email" required></p>'
_MESSAGE = (
    '<p><label for="message">Message *</label><br>'
    '<textarea id="message" name="message" rows="6" required></textarea></p>'
)
_SEND = '<p><button type="submit" name="send" value="1">Send message</button></p>'


def home(site: str, prefix: str) -> str:
    """A home page that links to the contact page."""
    return _frame(
        site,
        f'<p>We make things.</p><nav><a href="{prefix}/about">About</a><a href="{prefix}/contact">Contact us</a></nav>',
    )


def thanks() -> str:
    """The words after a message was taken."""
    return _frame("Thank you", "<h1>Thank you!</h1><p>Your message has been sent. We will get back to you.</p>")


def refused(words: str) -> str:
    """An answer that says what was wrong."""
    return _frame("Contact", f'<p class="error" role="alert">{escape(words)}</p>')


def strict(prefix: str) -> str:
    """The form again, with its fields marked as wrong."""
    error = '<ul class="errorlist"><li>Please enter a valid e-mail address of a customer.</li></ul>'
    return _frame(
        "Contact", _form(prefix, _NAME + error + _EMAIL.replace("required", 'required aria-invalid="true"') + _MESSAGE)
    )


def second_step(prefix: str, name: str, email: str) -> str:
    """The second page of a form in two steps."""
    values = (("name", name), ("email", email))
    kept = "".join(f'<input type="hidden" name="{key}" value="{escape(value)}">' for key, value in values)
    return _frame("Contact, step 2 of 2", _form(prefix, kept + _MESSAGE))


def contact(site: str, prefix: str, key: str) -> str:
    """The contact page of a site; `key` is its token, where it has one."""
    maker = _PAGES.get(site)
    inner = maker(prefix, key) if maker else _form(prefix, _NAME + _EMAIL + _MESSAGE)
    return _frame("Contact", f"<h1>Contact us</h1>{inner}")


def _csrf(prefix: str, key: str) -> str:
    return _form(prefix, f'<input type="hidden" name="csrf_token" value="{key}">' + _NAME + _EMAIL + _MESSAGE)


def _honeypot(prefix: str, _key: str) -> str:
    trap = (
        '<div class="extra"><label for="website">Website</label>'
        '<input id="website" name="website" tabindex="-1" autocomplete="off"></div>'
    )
    return "<style>.extra { position: absolute; left: -9999px }</style>" + _form(
        prefix, _NAME + _EMAIL + trap + _MESSAGE
    )


def _captcha(prefix: str, _key: str) -> str:
    return _form(prefix, _NAME + _EMAIL + _MESSAGE + '<div class="g-recaptcha" data-sitekey="none"></div>')


def _none(_prefix: str, _key: str) -> str:
    return '<p>Write to <a href="mailto:office@example.com">office@example.com</a> or call us.</p>'


def _comments(prefix: str, _key: str) -> str:
    fields = (
        _NAME
        + _EMAIL
        + '<p><label for="comment">Comment *</label><textarea id="comment" name="comment"></textarea></p>'
    )
    words = "<h3>Leave a comment</h3><p>Your e-mail address will not be published.</p>"
    opening = f'<form id="commentform" class="comment-form" action="{prefix}/wp-comments-post.php" method="post">'
    return f'<div id="respond">{opening}{words}{fields}<button>Post comment</button></form></div>'


def _contact_form_7(prefix: str, _key: str) -> str:
    hidden = (
        '<input type="hidden" name="_wpcf7" value="42">'
        '<input type="hidden" name="_wpcf7_unit_tag" value="wpcf7-f42-p7-o1">'
    )
    fields = (
        '<p><label>Your name <input type="text" name="your-name" aria-required="true"></label></p>'
        '<p><label>Your email <input type="email" name="your-email" aria-required="true"></label></p>'
        '<p><label>Subject <input type="text" name="your-subject"></label></p>'
        '<p><label>Your message <textarea name="your-message"></textarea></label></p>'
        '<p><input type="submit" value="Send"></p>'
    )
    root = f"{prefix}/wp-json/".replace("/", "\\/")
    script = (
        f'<script>var wpcf7 = {{"api":{{"root":"{root}","namespace":"contact-form-7\\/v1"}}}};{_CF7_SCRIPT}</script>'
    )
    opening = f'<form action="{prefix}/contact#wpcf7-f42" method="post" class="wpcf7-form">'
    return f'<div class="wpcf7">{opening}{hidden}{fields}</form></div>{script}'


_CF7_SCRIPT = """
document.querySelector(".wpcf7-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const url = wpcf7.api.root + "contact-form-7/v1/contact-forms/42/feedback";
  const answer = await (await fetch(url, {method: "POST", body: new FormData(event.target)})).json();
  event.target.insertAdjacentHTML("beforeend", "<p class='wpcf7-response-output'></p>");
  event.target.lastChild.textContent = answer.message;
  if (answer.status === "mail_sent") event.target.reset();
});"""


def _timing(prefix: str, key: str) -> str:
    return _form(prefix, f'<input type="hidden" name="form_key" value="{key}">' + _NAME + _EMAIL + _MESSAGE)


def _topic(prefix: str, _key: str) -> str:
    choices = (("", "Please select"), ("press", "Press"), ("gen", "General enquiry"))
    options = "".join(f'<option value="{value}">{text}</option>' for value, text in choices)
    return _form(
        prefix,
        _NAME + _EMAIL + f'<p><label>Topic * <select name="topic" required>{options}</select></label></p>' + _MESSAGE,
    )


def _file(prefix: str, _key: str) -> str:
    upload = '<p><label>Attachment (optional) <input type="file" name="attachment"></label></p>'
    return _form(prefix, _NAME + _EMAIL + _MESSAGE + upload, ' enctype="multipart/form-data"')


def _no_solicitation(prefix: str, _key: str) -> str:
    words = "<p>Please do not use this form for sales or marketing. Unsolicited offers will be deleted.</p>"
    return words + _form(prefix, _NAME + _EMAIL + _MESSAGE)


def _two_step(prefix: str, _key: str) -> str:
    return "<p>Step 1 of 2</p>" + _form(prefix, _NAME + _EMAIL, button='<button type="submit">Next</button>')


def _iframe(prefix: str, _key: str) -> str:
    return f'<iframe src="{prefix}/frame" title="Contact form" width="600" height="500"></iframe>'


def _javascript(prefix: str, _key: str) -> str:
    fields = (_NAME + _EMAIL + _MESSAGE + _SEND).replace("`", "")
    return f"""<div id="root"></div><script>
setTimeout(() => {{
  document.getElementById("root").innerHTML = `<form id="made">{fields}</form>`;
  const form = document.getElementById("made");
  form.addEventListener("submit", async (event) => {{
    event.preventDefault();
    const body = JSON.stringify(Object.fromEntries(new FormData(form)));
    await fetch("{prefix}/contact", {{method: "POST", headers: {{"content-type": "application/json"}}, body}});
    document.getElementById("root").innerHTML = "<p role='status'>Thank you, your message has been sent.</p>";
  }});
}}, 200);</script>"""


def _login(prefix: str, _key: str) -> str:
    fields = '<label>User <input name="user"></label><label>Password <input type="password" name="password"></label>'
    form = f'<form action="{prefix}/login" method="post">{fields}<button>Log in</button></form>'
    return f"<p>You must be logged in to write to us.</p>{form}"


def _phone(prefix: str, _key: str) -> str:
    return _form(
        prefix, _NAME + _EMAIL + '<p><label>Phone * <input type="tel" name="phone" required></label></p>' + _MESSAGE
    )


def _newsletter(prefix: str, _key: str) -> str:
    box = '<p><label><input type="checkbox" name="newsletter" value="1" checked> Send me the newsletter</label></p>'
    return _form(prefix, _NAME + _EMAIL + _MESSAGE + box)


def _latin1(prefix: str, _key: str) -> str:
    fields = (_NAME + _EMAIL + _MESSAGE).replace("Your name", "Ihr Name").replace("Message", "Nachricht für uns")
    return _form(prefix, fields)


_PAGES = {
    "csrf": _csrf, "honeypot": _honeypot, "captcha": _captcha, "none": _none, "comments": _comments,
    "json": _contact_form_7, "timing": _timing, "topic": _topic, "file": _file, "no-solicitation": _no_solicitation,
    "two-step": _two_step, "iframe": _iframe, "javascript": _javascript, "login": _login, "required-phone": _phone,
    "newsletter": _newsletter, "latin1": _latin1,
}  # fmt: skip


def _form(prefix: str, fields: str, attributes: str = "", button: str = _SEND) -> str:
    return f'<form class="contact-form" action="{prefix}/contact" method="post"{attributes}>{fields}{button}</form>'


def _frame(title: str, inner: str) -> str:
    head = f"<head><title>{escape(title)}</title></head>"
    about = "<p>Example Works, 12 Harbour Street. We build small machines for bakeries and repair all others.</p>"
    body = f"<header>{about}</header><main>{inner}</main><footer>Open on weekdays.</footer>"
    return f"<!doctype html><html lang='en'>{head}<body>{body}</body></html>"

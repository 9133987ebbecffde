package definition

// Key is the same for the same entry of the same file: what was fetched for an origin is found by it.
func (o Origin) Key() string { return string(o.Kind) + " " + o.At.String() }

// FileName is what the origin is called in the places of its lines: a text has no name but where it is written.
func (o Origin) FileName() string {
	if o.Kind == LiteralText {
		return o.At.String() + ": " + o.String()
	}
	return o.String()
}

// String is the origin for people. It has no credentials, since the reader refuses those.
func (o Origin) String() string {
	text := o.Where.Value
	switch o.Kind {
	case LiteralText:
		text = "a text"
	case Git:
		text = "git+" + text + "@" + o.Ref.Value
	case FromProject:
		text = "project " + text
	case FromImage:
		text = "image " + text
	case Path, URL:
	}
	if o.Part.Value != "" {
		text += "#" + o.Part.Value
	}
	return text
}

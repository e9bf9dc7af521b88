package autorun

// Bounds on what is read and shown of an image.
const (
	// MaxRows bounds the rows of an image; the worst are kept. The worst rows are kept, so that an image with many
	// harmless hooks cannot push one out.
	MaxRows = 2_000
	// MaxFound bounds what is collected before it is judged. Images with large node_modules have some thousands.
	MaxFound = 20_000
	// MaxLinked bounds the files that are looked at through links to directories.
	MaxLinked = 200_000
	// MaxText bounds the bytes of one file that are held at once, MaxTextAll those that are read of all files of an
	// image. What lies behind the first MaxText bytes of a hook is looked through window by window, up to MaxWhole
	// bytes: padding is free, and hides nothing.
	MaxText    = 1 << 20
	MaxTextAll = 96 << 20
	MaxWhole   = 24 << 20
	// overlap is how many bytes two windows share, so that what is cut by the end of one is whole in the next.
	overlap = 8 << 10
	// MaxLoads bounds the files that one hook is followed to, MaxWords the words of a command that may name them.
	MaxLoads = 32
	MaxWords = 1_000
	// MaxCommand bounds the command or code that a row shows, in bytes.
	MaxCommand = 300
	// MaxScripts bounds the bytes of apk's archive of scripts once it is unpacked. A small archive may unpack to much,
	// and tar bounds nothing.
	MaxScripts = 16 << 20
)

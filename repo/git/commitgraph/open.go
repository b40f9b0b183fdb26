package commitgraph

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
)

const (
	singleName  = "commit-graph"
	folderName  = "commit-graphs"
	chainName   = "commit-graph-chain"
	layerPrefix = "graph-"
	layerSuffix = ".graph"

	maxLayer     = 2 << 30
	maxChainText = 1 << 20
)

// Open reads the graph in the folder info (.git/objects/info) as git does: the single file where it
// exists, else the chain. Without either, the Chain is empty. The error is ErrDamaged where git
// would use only a part of the graph, or nothing.
func Open(info *durable.Dir) (*Chain, error) {
	g, err := openFiles(info)
	if err != nil {
		return nil, err
	}
	return g.chain, g.bad
}

// found is a graph as it lies on disk.
type found struct {
	chain  *Chain // what of it can be used: all or nothing
	bad    error  // why nothing can
	single *durable.Stat
	text   string // of the chain file
}

// openFiles reads the graph. The error is the file system's.
func openFiles(info *durable.Dir) (*found, error) {
	g := &found{chain: &Chain{}}
	folder, err := info.Sub(folderName)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	default:
		defer folder.Close()
		if g.text, err = chainText(folder); err != nil {
			return nil, err
		}
	}
	st, err := info.Lstat(singleName)
	if err == nil {
		g.single = &st
		return g, g.readSingle(info)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if g.text != "" {
		return g, g.readChain(folder)
	}
	return g, nil
}

// chainText is what the chain file holds, nothing where it is missing.
func chainText(folder *durable.Dir) (string, error) {
	b, err := folder.ReadFile(chainName, maxChainText)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return string(b), err
}

func (g *found) readSingle(info *durable.Dir) error {
	l, err := readLayer(info, singleName)
	if err == nil {
		err = g.use(l)
	}
	return g.settle(err)
}

func (g *found) readChain(folder *durable.Dir) error {
	var layers []*Layer
	for line := range strings.Lines(g.text) {
		sum, err := object.ParseID(strings.TrimSuffix(line, "\n"))
		if err != nil {
			return g.settle(damaged("chain names no layer"))
		}
		l, err := readLayer(folder, layerName(sum))
		if err == nil && l.Sum() != sum {
			err = damaged("layer is another one")
		}
		if err != nil {
			return g.settle(err)
		}
		layers = append(layers, l)
	}
	return g.settle(g.use(layers...))
}

func (g *found) use(layers ...*Layer) error {
	c, err := NewChain(layers...)
	if err == nil {
		g.chain = c
	}
	return err
}

// settle marks a graph as unusable where it is damaged or lacks a layer.
func (g *found) settle(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if errors.Is(err, ErrDamaged) {
		g.bad, err = err, nil
	}
	return err
}

func layerName(sum object.ID) string { return layerPrefix + sum.String() + layerSuffix }

// readLayer reads a layer into memory. A mapped file would fault where git or a disk removes it.
func readLayer(dir *durable.Dir, name string) (*Layer, error) {
	f, err := dir.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if st.Size() > maxLayer {
		return nil, damaged("layer too large")
	}
	if err := durable.CheckHole(f, st); err != nil {
		return nil, damaged(durable.Reason(err))
	}
	data := make([]byte, st.Size())
	if _, err := io.ReadFull(f, data); err != nil {
		return nil, fmt.Errorf("%q: %w", dir.Path(name), err)
	}
	return ParseLayer(data)
}

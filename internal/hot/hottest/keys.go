package hottest

import (
	"context"
	"sort"

	"github.com/redis/go-redis/v9"
)

// Keys lists every key there is, sorted.
func (s *Server) Keys() []string {
	s.t.Helper()
	keys, err := s.client.Keys(context.Background(), "*").Result()
	if err != nil {
		s.t.Fatalf("redis keys: %v", err)
	}
	sort.Strings(keys)
	return keys
}

// Read gives the bytes stored at key; nil if there are none.
func (s *Server) Read(key string) []byte {
	value, err := s.client.Get(context.Background(), key).Bytes()
	if err != nil {
		return nil
	}
	return value
}

// Write stores bytes at key, whatever was there.
func (s *Server) Write(key string, value []byte) {
	s.t.Helper()
	if err := s.client.Set(context.Background(), key, value, 0).Err(); err != nil {
		s.t.Fatalf("redis set: %v", err)
	}
}

// WriteList makes key a list: a type that nobody expects there.
func (s *Server) WriteList(key string) {
	s.t.Helper()
	ctx := context.Background()
	// At once: somebody may write the key between the two.
	_, err := s.client.TxPipelined(ctx, func(p redis.Pipeliner) error {
		p.Del(ctx, key)
		p.RPush(ctx, key, "rubbish")
		return nil
	})
	if err != nil {
		s.t.Fatalf("redis rpush: %v", err)
	}
}

// Rubbish overwrites every key with text that means nothing and says how many.
func (s *Server) Rubbish() int {
	s.t.Helper()
	keys := s.Keys()
	for _, key := range keys {
		s.Write(key, []byte("rubbish rubbish rubbish rubbish rubbish rubbish rubbish"))
	}
	return len(keys)
}

// Flush deletes every key.
func (s *Server) Flush() {
	s.t.Helper()
	if err := s.client.FlushAll(context.Background()).Err(); err != nil {
		s.t.Fatalf("redis flushall: %v", err)
	}
}
